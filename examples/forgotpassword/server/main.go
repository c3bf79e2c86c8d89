// Server runs the forgot-password system.
//
//	go -C examples/forgotpassword run -v -tags laptop ./server
//
// Without settings it keeps everything in memory, knows two accounts, and shows the mails at
// /mailbox. With the settings that package setup describes, it works on DynamoDB and SES; built
// with the tag laptop it does not, and needs no AWS SDK.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/site"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	seed := flag.String("seed", "",
		"add the accounts of this JSON `file`: [{\"email\": \"...\", \"password\": \"...\"}]")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// shutdownTimeout is how long requests under way may take after the signal to stop.
const shutdownTimeout = 15 * time.Second

// run serves until ctx is done.
func run(ctx context.Context, addr, seed string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	app, err := newApp(ctx, seed, log)
	if err != nil {
		return err
	}
	clients, err := newBudget()
	if err != nil {
		return err
	}
	app.Allow = clients.Allow
	app.Proofs, err = newVerifier(os.Getenv("PROOF_ORIGIN"))
	if err != nil {
		return err
	}
	app.OriginTrial = os.Getenv("ORIGIN_TRIAL")
	handler, err := site.Handler(app)
	if err != nil {
		return err
	}

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	log.Info("listening", "url", url, "development", app.Mailbox != nil)
	return serve(ctx, listener, clients.Wrap(handler), log)
}

// newApp returns the application that the settings ask for, with its accounts.
func newApp(ctx context.Context, seed string, log *slog.Logger) (*web.App, error) {
	settings, onAWS, err := setup.FromEnv(os.Getenv)
	if err != nil {
		return nil, err
	}

	var app *web.App
	if onAWS {
		app, err = setup.AWS(ctx, settings, log)
	} else {
		app, err = setup.Laptop(log)
	}
	if err != nil {
		return nil, err
	}

	switch {
	case seed != "":
		file, err := os.Open(seed)
		if err != nil {
			return nil, err
		}
		defer file.Close()

		added, err := users.Seed(ctx, app.Users, file)
		if err != nil {
			return nil, err
		}
		log.Info("seeded", "new accounts", added)
	case !onAWS:
		if err := setup.AddDemoUsers(ctx, app.Users, log); err != nil {
			return nil, err
		}
	}
	return app, nil
}

// serve answers requests until ctx is done, and then those that are under way.
func serve(
	ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger,
) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		log.Info("stopping")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- server.Shutdown(ctx)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
