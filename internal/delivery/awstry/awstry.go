// Package awstry makes one try of a call to AWS that sends a message, and says how it failed.
package awstry

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/seed-5978b5f1/otp/internal/delivery"
)

// A Service describes an API of AWS and the package that calls it.
type Service struct {
	Sender string // the package, as its errors begin
	Name   string // of the API, as its errors say it

	// Detail returns what an error of the API says beside its code, or "". Optional.
	Detail func(error) string

	// BlamesRecipient reports whether an error of the API says that the address is at fault.
	BlamesRecipient func(error) bool
}

// Client is how the SDK sends HTTP requests.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// A Try is the one try of one call. It sees how far the request gets. The errors of the SDK do not
// tell: the time can be up before there is a connection, or while the answer is awaited.
//
// The option of the call must turn off the SDK's retries, after which nobody could say whether an
// earlier try was taken, and its log of requests, which would hold the code:
//
//	o.Retryer, o.ClientLogMode, o.HTTPClient = aws.NopRetryer{}, 0, try.Watch(o.HTTPClient)
type Try struct {
	service *Service
	client  Client // nil until the SDK has applied the option

	handedOver atomic.Bool // to client
	connecting atomic.Bool // client asked net/http for a connection
	connected  atomic.Bool // and got one
}

// Begin returns a Try.
func (s *Service) Begin() *Try { return &Try{service: s} }

// Watch returns an HTTP client for the call that does what the SDK's does.
func (t *Try) Watch(client Client) Client {
	t.client = client
	return t
}

// Do sends the request.
func (t *Try) Do(r *http.Request) (*http.Response, error) {
	t.handedOver.Store(true)
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { t.connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	})
	return t.client.Do(r.WithContext(ctx))
}

// Result returns the error of the Sender for what the call has returned: nil for nil.
func (t *Try) Result(err error) error {
	switch {
	case err == nil:
		return nil
	case t.stayed():
		return delivery.NotSent(t.service.Sender, "the request did not leave", err)
	}
	return t.service.classify(err)
}

// stayed reports whether no byte of the request can have left: the SDK gave up before (it found no
// credentials, say), or there was no connection. It is false where this is not known, as with an
// API that is not the SDK's client.
func (t *Try) stayed() bool {
	if t.client == nil {
		return false
	}
	return !t.handedOver.Load() || t.connecting.Load() && !t.connected.Load()
}
