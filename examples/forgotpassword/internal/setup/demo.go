package setup

import (
	"bytes"
	"context"
	_ "embed"
	"log/slog"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

//go:embed demo.json
var demo []byte

// AddDemoUsers adds the two accounts of demo.json, whose passwords everybody knows.
func AddDemoUsers(ctx context.Context, s users.Store, log *slog.Logger) error {
	if _, err := users.Seed(ctx, s, bytes.NewReader(demo)); err != nil {
		return err
	}
	log.Info("accounts for development: ada@example.com and grace@example.com")
	return nil
}
