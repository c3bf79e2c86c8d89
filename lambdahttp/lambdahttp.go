package lambdahttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Options are the settings of a function. All may be left out.
type Options struct {
	// BasePath is taken off the front of the path, "/auth" for example: the key of the API mapping
	// of a custom domain, or the path of a rule of a load balancer. A path without it stays as it
	// is. BasePath begins with a slash and does not end with one.
	BasePath string
	// Log gets one line for each panic of the handler, and for each answer that the event's source
	// has no form for. Default: lambdacontext.NewLogger().
	Log *slog.Logger
}

// Start serves the events of Lambda by the handler. It returns only to report bad options.
//
// Build with the tag lambda.norpc for the runtime provided.al2023: it leaves out of the program
// what only the retired runtime go1.x needs.
func Start(handler http.Handler, options *Options) error {
	h, err := Handler(handler, options)
	if err != nil {
		return err
	}

	lambda.Start(h)
	return nil
}

// Handler returns the function for [lambda.Start], which middleware for Lambda can wrap. It
// reports bad options.
func Handler(handler http.Handler, options *Options) (lambda.Handler, error) {
	if handler == nil {
		return nil, errors.New("lambdahttp: the handler is nil")
	}

	var o Options
	if options != nil {
		o = *options
	}

	if b := o.BasePath; b != "" && (b[0] != '/' || strings.HasSuffix(b, "/")) {
		return nil, fmt.Errorf(
			"lambdahttp: Options.BasePath is %q, must begin with a slash and end without one", b)
	}

	if o.Log == nil {
		o.Log = lambdacontext.NewLogger()
	}
	return &function{handler, o.BasePath, o.Log}, nil
}

// A function is a handler that takes events and returns answers, both in JSON.
type function struct {
	handler  http.Handler
	basePath string
	log      *slog.Logger
}

// Invoke implements [lambda.Handler].
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := parseEvent(payload)
	if err != nil {
		return nil, err
	}

	w := new(response)

	r, err := e.request(ctx, f.basePath)
	if err != nil {
		w.fail(http.StatusBadRequest)
	} else {
		f.serve(w, r)
	}

	answer, err := w.answer(e)
	if err != nil {
		f.log.ErrorContext(ctx, "the answer cannot be sent", "err", err)
		w.fail(http.StatusInternalServerError)
		answer, err = w.answer(e)
	}
	return answer, err
}

// serve has the handler answer the request. A panic with http.ErrAbortHandler is not logged, as in
// a server.
func (f *function) serve(w *response, r *http.Request) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}

		w.fail(http.StatusInternalServerError)

		if cause != http.ErrAbortHandler {
			f.log.ErrorContext(r.Context(), "the handler has panicked",
				"panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
		}
	}()

	f.handler.ServeHTTP(w, r)
}
