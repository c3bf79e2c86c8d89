// Package function is the main program of the Lambda functions.
package function

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/gateway"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// Run serves the routes of the application as a Lambda function. Clients and secret are made ready once, before the
// first event, and serve all that follow.
func Run(routes func(*web.App) http.Handler) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	app, err := start(log)
	if err != nil {
		log.Error("start failed", "err", err)
		os.Exit(1)
	}
	lambda.Start(gateway.Handler(routes(app)))
}

func start(log *slog.Logger) (*web.App, error) {
	settings, onAWS, err := setup.FromEnv(os.Getenv)
	if err != nil {
		return nil, err
	}
	if !onAWS {
		return nil, errors.New("the settings of package setup are missing: a function keeps nothing in memory")
	}
	return setup.AWS(context.Background(), settings, log)
}
