// Package function is the main program of the Lambda functions.
package function

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-5978b5f1/otp/lambdahttp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// Run serves the routes of the application as a Lambda function. Clients and secret are made ready
// once, before the first event, and serve all that follow. The environment variable BASE_PATH is
// lambdahttp.Options.BasePath; the others are those of package setup.
func Run(routes func(*web.App) (http.Handler, error)) {
	log := lambdacontext.NewLogger()

	handler, err := start(routes, log)
	if err == nil {
		err = lambdahttp.Start(handler,
			&lambdahttp.Options{BasePath: os.Getenv("BASE_PATH"), Log: log})
	}

	log.Error("start failed", "err", err)
	os.Exit(1)
}

func start(routes func(*web.App) (http.Handler, error), log *slog.Logger) (http.Handler, error) {
	settings, onAWS, err := setup.FromEnv(os.Getenv)
	if err == nil && !onAWS {
		err = errors.New("the settings of package setup are missing: " +
			"a function keeps nothing in memory")
	}
	if err != nil {
		return nil, err
	}

	app, err := setup.AWS(context.Background(), settings, log)
	if err != nil {
		return nil, err
	}
	return routes(app)
}
