package pages_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// newProver returns a browser of a website that takes proofs, and a function that sends the first
// page with the proof of an address.
func newProver(
	t *testing.T, kind otp.Kind, configure func(*pages.Options, *otphttp.Config),
) (b *browser, prove func(email string) view) {
	t.Helper()

	issuer := evptest.NewIssuer("example.com")
	verifier, err := evp.New(evp.Config{
		Origins: []string{site}, Lookup: issuer.LookupTXT, Client: issuer.Client(),
	})
	require.NoError(t, err)
	b = newBrowser(t, newWebsiteFor(t, kind, func(o *pages.Options, c *otphttp.Config) {
		c.Proofs = verifier
		if configure != nil {
			configure(o, c)
		}
	}))

	const field = "email_verification_token"
	return b, func(email string) view {
		t.Helper()
		nonce := b.get("/").attr(`input type="hidden" name="` + field +
			`" autocomplete="email-verification-token" data-nonce`)
		require.NotEmpty(t, nonce)
		token := evptest.NewBrowser(issuer, site).Token(email, nonce)
		return b.post("/", "email", email, field, token)
	}
}

// follow gets the page that a form leads to.
func (b *browser) follow(answer view) view {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, answer.StatusCode, answer.text)
	return b.get(resolve(b.t, "/", answer.Header.Get("Location")))
}

// Who has proved the address is led on at once, and is sent nothing. Others get the code.
func TestProvedSignIn(t *testing.T) {
	b, prove := newProver(t, otp.SignIn, func(o *pages.Options, _ *otphttp.Config) {
		o.Next, o.OriginTrial = "/welcome", "the token of the trial"
	})
	require.Equal(t, "the token of the trial", b.get("/").Header.Get("Origin-Trial"))

	require.Equal(t, "./welcome", prove(ada).Header.Get("Location"))
	require.Equal(t, 1, b.s.done)
	require.Empty(t, b.s.inbox.Messages())

	b.follow(prove(eve)).want(t, "Enter the code")
	require.Equal(t, 1, b.s.done)
}

// A page without proofs has no field for them.
func TestNoProofs(t *testing.T) {
	newBrowser(t, newWebsite(t, nil)).get("/").wantNot(t, "email_verification_token")
}

// What Done answers is the answer.
func TestProvedAndAnswered(t *testing.T) {
	_, prove := newProver(t, otp.SignIn, func(_ *pages.Options, c *otphttp.Config) {
		c.Accept = func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
			return func(_ context.Context, w http.ResponseWriter) error {
				_, err := io.WriteString(w, "welcome")
				return err
			}, nil
		}
	})
	answer := prove(ada)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "welcome", answer.text)
}

// Who has proved the address chooses a password, and is never asked for a code.
func TestProvedReset(t *testing.T) {
	b, prove := newProver(t, otp.ResetPassword, nil)
	page := b.follow(prove(ada))
	page.want(t, "Choose a new password", "Your browser has confirmed "+ada+". No code is needed.")
	page.wantNot(t, `name="code"`)
	key := page.attr(`input type="hidden" name="idempotency_key" value`)

	page = b.submit("/code", "email", ada, "password", "short", "idempotency_key", key)
	page.want(t, "Choose a new password", "Use at least 15 characters.")
	b.s.err = errors.New("the database is down")
	page = b.submit("/code", "email", ada, "password", "first", "idempotency_key", key)
	page.want(t, "Choose a new password", "Something went wrong on our side.")
	page.wantNot(t, "our code")
	b.s.err = nil
	key = page.attr(`input type="hidden" name="idempotency_key" value`)
	late := newBrowser(t, b.s)
	late.cookies = maps.Clone(b.cookies)
	b.submit("/code", "email", ada, "password", "first", "idempotency_key", key).
		want(t, "Your password was changed")
	require.Empty(t, b.s.inbox.Messages())

	// Another password is not set by the same proof: a code is offered in its place.
	page = late.submit("/code", "email", ada, "password", "second", "idempotency_key", key)
	page.want(t, "The code was already used. Ask for a new one.")
	page.wantNot(t, `name="password"`)
	late.submit("/", "email", ada, "again", "yes").want(t, "Enter the code")
	require.Len(t, b.s.inbox.Messages(), 1)
}
