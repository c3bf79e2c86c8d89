package setup

import (
	"context"
	"log/slog"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

func AWS(ctx context.Context, s Settings, log *slog.Logger) (*web.App, error) { panic("later") }
