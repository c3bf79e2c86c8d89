//go:build laptop

package setup

import (
	"context"
	"errors"
	"log/slog"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// AWS fails: the SDK takes most of the time of a build, and a laptop needs none of it.
func AWS(context.Context, Settings, *slog.Logger) (*web.App, error) {
	return nil, errors.New("settings for AWS, in a server that was built with the tag laptop")
}
