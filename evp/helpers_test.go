package evp

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

const (
	origin  = "https://shop.example"
	address = "user@mail.example"
	visit   = "the nonce of this visit"
)

func isVisit(nonce string) bool { return nonce == visit }

// A scene is a site that knows an issuer for mail.example, and a browser on it.
type scene struct {
	issuer  *evptest.Issuer
	browser *evptest.Browser
	config  Config
}

func newScene() *scene {
	issuer := evptest.NewIssuer("mail.example")
	return &scene{issuer, evptest.NewBrowser(issuer, origin), Config{
		Origins: []string{origin, origin + ":8443"},
		Lookup:  issuer.LookupTXT,
		Client:  issuer.Client(),
	}}
}

// serveTLS has the issuer serve its documents over a network, to a client that reaches it under
// every name.
func (s *scene) serveTLS(t *testing.T) *http.Transport {
	server := httptest.NewUnstartedServer(s.issuer)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that hang up
	server.StartTLS()
	t.Cleanup(server.Close)

	transport := server.Client().Transport.(*http.Transport)
	transport.TLSClientConfig.ServerName = "example.com" // of the certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	s.config.Client = &http.Client{Transport: transport}
	return transport
}

// verify judges a token by a new Verifier, which has kept nothing.
func (s *scene) verify(t testing.TB, token string) (Proof, error) {
	v, err := New(s.config)
	require.NoError(t, err)
	return v.Verify(t.Context(), token, isVisit)
}

// requireStep is the check that a token was refused at a step, and that the error tells nothing
// but that.
func requireStep(t *testing.T, want Step, err error) {
	t.Helper()
	require.Error(t, err)

	var failure *Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, want, failure.Step, err)
	for _, secret := range []string{"user", "mail.example", "issuer.example", "eyJ", visit} {
		require.NotContains(t, err.Error(), secret)
	}
}

// requireInvalid is the check that a token was refused at a step because it is no proof.
func requireInvalid(t *testing.T, want Step, err error) {
	t.Helper()
	requireStep(t, want, err)
	require.ErrorIs(t, err, ErrInvalid)
}

// A gauge counts what goes on at a time.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

// counts returns how much goes on, and the most that did.
func (g *gauge) counts() (now, most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now, g.most
}

// A change is made to a token before it is signed.
type change = func(evt, kb *evptest.Half)

// absent is the value of a member that is taken out.
var absent = new(int)

func set(members map[string]any, name string, value any) {
	members[name] = value
	if value == any(absent) {
		delete(members, name)
	}
}

func evt(name string, value any) change {
	return func(evt, _ *evptest.Half) { set(evt.Claims, name, value) }
}

func evtHeader(name string, value any) change {
	return func(evt, _ *evptest.Half) { set(evt.Header, name, value) }
}

func kb(name string, value any) change {
	return func(_, kb *evptest.Half) { set(kb.Claims, name, value) }
}

func kbHeader(name string, value any) change {
	return func(_, kb *evptest.Half) { set(kb.Header, name, value) }
}

// serve returns a handler that sends a document of a type.
func serve(status int, mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}
