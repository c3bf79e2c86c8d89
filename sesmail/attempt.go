package sesmail

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// An attempt is the one try of one call of SendEmail. It sees how far the request gets, since the
// errors of the SDK do not tell: the time can be up before a connection is there as well as while
// waiting for the answer.
type attempt struct {
	client sesv2.HTTPClient // the SDK's own; nil until the SDK has applied configure

	handedOver atomic.Bool // to client
	connecting atomic.Bool // client asked net/http for a connection
	connected  atomic.Bool // and got one
}

// configure is the option of the call. There are no hidden retries, which would make it unknown
// whether an earlier try was taken, and no log of requests, which would hold the code.
func (a *attempt) configure(o *sesv2.Options) {
	o.Retryer = aws.NopRetryer{}
	o.ClientLogMode = 0
	a.client, o.HTTPClient = o.HTTPClient, a
}

// Do sends the request.
func (a *attempt) Do(r *http.Request) (*http.Response, error) {
	a.handedOver.Store(true)
	return a.client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { a.connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})))
}

// stayed reports whether no byte of the request can have left: the SDK gave up before it (no
// credentials, say), or there was no connection. It is false where this is not known, as with an
// API that is not the SDK's client.
func (a *attempt) stayed() bool {
	if a.client == nil {
		return false
	}
	return !a.handedOver.Load() || a.connecting.Load() && !a.connected.Load()
}
