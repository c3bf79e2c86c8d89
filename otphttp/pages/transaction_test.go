package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// What is confirmed stands above the button and above the field. Nobody types an address.
func TestTransaction(t *testing.T) {
	amount := "€250.00"
	pending := true
	s := newWebsiteFor(t, otp.ConfirmTransaction, func(_ *pages.Options, c *otphttp.Config) {
		c.Find = func(_ *http.Request, typed string) (otphttp.Recipient, error) {
			require.Empty(t, typed)
			if !pending {
				return otphttp.Recipient{}, &otphttp.Problem{
					Status: http.StatusNotFound, Code: "nothing_pending",
					Detail: "Nothing to <confirm>."}
			}
			return otphttp.Recipient{To: ada, Known: true, Trust: otp.Known,
				Binding: "payment of " + amount,
				Data:    otpmail.Details{{Name: "Amount", Value: amount}},
			}, nil
		}
	})
	b := newBrowser(t, s)

	page := b.get("/")
	page.want(t, "Check the details.", "Amount", "€250.00", "Send code")
	require.NotContains(t, page.text, `name="email"`)

	page = b.submit("/")
	page.want(t, "Amount", "€250.00", "An email with a code is on its way to "+ada)
	old := s.inbox.Code(t, ada)

	// Another amount asks for another code.
	amount = "€999.00"
	page = b.submit("/code", "code", old)
	page.want(t, "What you’re confirming has changed since.")
	page.wantNot(t, "€250.00")
	require.Zero(t, s.done)

	pending = false
	page = b.get("/")
	require.Equal(t, http.StatusNotFound, page.StatusCode)
	page.want(t, "Nothing to &lt;confirm&gt;.")

	pending = true
	amount = "€250.00"
	done := b.submit("/code", "code", old)
	done.want(t, "Confirmed")
	require.Equal(t, 1, s.done)
}
