package awssms

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
)

// An attempt is the one try of one call. It sees how far the request gets. The errors of the SDK do
// not tell: the time can be up before there is a connection, or while the answer is awaited.
type attempt struct {
	client pinpointsmsvoicev2.HTTPClient // the SDK's own; nil until the SDK has applied configure

	handedOver atomic.Bool // to client
	connecting atomic.Bool // client asked net/http for a connection
	connected  atomic.Bool // and got one
}

// configure is the option of the call. There are no hidden retries: after one, nobody could say
// whether an earlier try was taken. And there is no log of requests: it would hold the code.
func (a *attempt) configure(o *pinpointsmsvoicev2.Options) {
	o.Retryer = aws.NopRetryer{}
	o.ClientLogMode = 0
	a.client, o.HTTPClient = o.HTTPClient, a
}

// Do sends the request.
func (a *attempt) Do(r *http.Request) (*http.Response, error) {
	a.handedOver.Store(true)
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { a.connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})
	return a.client.Do(r.WithContext(ctx))
}

// stayed reports whether no byte of the request can have left: the SDK gave up before (it found no
// credentials, say), or there was no connection. It is false where this is not known, as with an
// API that is not the SDK's client.
func (a *attempt) stayed() bool {
	if a.client == nil {
		return false
	}
	return !a.handedOver.Load() || a.connecting.Load() && !a.connected.Load()
}
