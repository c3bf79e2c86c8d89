// Package gateway runs an http.Handler as a Lambda function behind an HTTP API of Amazon API Gateway, with events of
// payload format 2.0.
//
// The adapters of others answer a request that net/http cannot represent with an error of the function, which the
// client sees as 500; here it is 400. And they bring the web frameworks that they also adapt.
package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// Handler returns a handler for lambda.Start. The answer is complete when it returns: nothing goes on afterwards.
func Handler(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		r, err := request(ctx, &event)
		if err != nil {
			return malformed, nil
		}
		w := &response{header: make(http.Header)}
		h.ServeHTTP(w, r)
		return w.event(r.Method), nil
	}
}

// malformed is the answer to an event that is no request: problem details, as the application has them.
var malformed = events.APIGatewayV2HTTPResponse{
	StatusCode: http.StatusBadRequest,
	Headers:    map[string]string{"Content-Type": "application/problem+json"},
	Body:       `{"title":"Bad Request","status":400,"detail":"The request is malformed."}`,
}

// request returns the request that the event describes.
func request(ctx context.Context, e *events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, err
		}
	}
	// Escaped or not: the gateway has undone the escapes of some paths. What is left of them must be whole.
	path, err := url.PathUnescape(e.RawPath)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Host = e.RequestContext.DomainName
	r.URL = &url.URL{Scheme: "https", Host: r.Host, Path: path, RawQuery: e.RawQueryString}
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	r.RemoteAddr = net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0")
	return r, nil
}

// A response is a http.ResponseWriter that keeps what is written.
type response struct {
	status int
	header http.Header
	sent   http.Header // as it was when the status was written
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// event returns the answer as the gateway wants it.
func (w *response) event(method string) events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK)
	e := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: make(map[string]string)}
	for name, values := range w.sent {
		if name == "Set-Cookie" {
			e.Cookies = values
			continue
		}
		e.Headers[name] = strings.Join(values, ", ")
	}
	switch body := w.body.Bytes(); {
	case method == http.MethodHead:
	case utf8.Valid(body):
		e.Body = string(body)
	default:
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}
