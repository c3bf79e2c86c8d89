package otphttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// How well a stranger who proves an address of his own tells by the time of one request whether
// there is an account with another one. Run it with -benchtime=500x, for a thousand requests.
func BenchmarkTimesOfProofs(b *testing.B) {
	for name, delay := range map[string]time.Duration{
		"the issuer is up": 0, "the issuer is slow": 200 * time.Millisecond,
		"the issuer is slower by a second": 1500 * time.Millisecond,
		"the issuer does not answer":       time.Hour,
	} {
		b.Run(name, func(b *testing.B) {
			issuer := evptest.NewIssuer("example.com")
			verifier, err := evp.New(evp.Config{
				Origins: []string{site}, Client: issuer.Client(),
				Lookup: func(ctx context.Context, name string) ([]string, error) {
					select {
					case <-time.After(delay):
						return issuer.LookupTXT(ctx, name)
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				},
			})
			require.NoError(b, err)

			codes, _ := otptest.New(b, otp.Config{
				Policy: otp.Policy{MinSendTime: 500 * time.Millisecond},
				Sender: slowSender(200 * time.Millisecond),
			})

			flow := newBenchFlow(b, codes, func(c *otphttp.Config) { c.Proofs = verifier })
			browser, watch := evptest.NewBrowser(issuer, site), &stopwatch{}
			inTurns(b, 48, func(known int, email string) {
				c := newClient(new(testing.T))
				nonce := c.get(func(w http.ResponseWriter, r *http.Request) {
					fmt.Fprint(w, flow.Nonce(w, r))
				}).text
				proof := browser.Token(eve, nonce)

				begun := time.Now()
				c.post(flow.ServeSend, "email", email, tokenField, proof)
				watch.stop(known, begun)
			})
			b.ReportMetric(100*watch.toldRight(), "told-%")
		})
	}
}

// What a proved sign-in takes, in times of what a code takes that is handed to package background:
// the whole request on a connection that is kept, and the handler alone. The store is memory, and
// nothing waits.
func BenchmarkProvedSignIn(b *testing.B) {
	issuer := evptest.NewIssuer("example.com")
	browser := evptest.NewBrowser(issuer, site)
	flow := newFastFlow(b, issuer)
	var handler time.Duration
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		flow.ServeSend(w, r)
		handler = time.Since(begun)
	}))
	defer server.Close()

	people := 0
	signIn := func(proved bool) (whole time.Duration) {
		people++
		email, form := fmt.Sprintf("known%d@example.com", people), httptest.NewRecorder()
		nonce := flow.Nonce(form, httptest.NewRequest(http.MethodGet, "/", nil))
		members := url.Values{"email": {email}}
		if proved {
			members.Set(tokenField, browser.Token(email, nonce))
		}
		r, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(members.Encode()))
		require.NoError(b, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(form.Result().Cookies()[0])

		begun := time.Now()
		response, err := server.Client().Do(r)
		require.NoError(b, err)
		_, err = io.Copy(io.Discard, response.Body)
		whole = time.Since(begun)
		require.NoError(b, err)
		require.NoError(b, response.Body.Close())
		require.Equal(b, proved, response.StatusCode == http.StatusOK)
		return whole
	}

	var code, proof, codeHandler, proofHandler time.Duration
	for b.Loop() {
		code += signIn(false)
		codeHandler += handler
		proof += signIn(true)
		proofHandler += handler
	}
	b.ReportMetric(proof.Seconds()/code.Seconds(), "codes")
	b.ReportMetric(proofHandler.Seconds()/codeHandler.Seconds(), "codes-in-the-handler")
	b.ReportMetric(float64(proofHandler.Microseconds())/float64(b.N), "handler-µs")
	if b.N >= 1000 {
		require.Less(b, proof, 3*code)
	}
}

// newFastFlow returns a Flow that waits for nothing.
func newFastFlow(b *testing.B, issuer *evptest.Issuer) *otphttp.Flow {
	verifier, err := evp.New(evp.Config{
		Origins: []string{site}, Client: issuer.Client(), Lookup: issuer.LookupTXT,
	})
	require.NoError(b, err)
	sender, err := background.New(slowSender(0), nil)
	require.NoError(b, err)
	b.Cleanup(func() { sender.Shutdown(context.Background()) })
	codes, err := otp.New(otp.Config{
		Purpose: "sign-in", Kind: otp.SignIn, Secret: testKeys[0], Store: memstore.New(nil),
		Sender: sender, Policy: otp.Policy{MinSendTime: -1},
	})
	require.NoError(b, err)
	return newBenchFlow(b, codes, func(c *otphttp.Config) { c.Proofs = verifier })
}
