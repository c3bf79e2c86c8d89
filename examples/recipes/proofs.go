package recipes

import (
	"html/template"
	"net/http"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// ProvingPages are pages that spare the mail where the browser proves the address. The origin is
// that of the pages, "https://example.com", and trial the token of Chromium's origin trial.
func ProvingPages(c otphttp.Config, origin, trial string) (*pages.Pages, error) {
	verifier, err := evp.New(evp.Config{
		Origins: []string{origin},
		Issuers: func(domain, issuer string) bool { // optional: whom you trust
			return domain != "gmail.com" || issuer == "accounts.google.com"
		},
	})
	if err != nil {
		return nil, err
	}

	c.Proofs = verifier
	flow, err := otphttp.New(c)
	if err != nil {
		return nil, err
	}
	return pages.New(flow, pages.Options{Product: "Acme", OriginTrial: trial})
}

// HumansOnly returns a Config.Accept for a service that welcomes everybody: a proof is no human, so
// it is accepted together with the answer of a challenge only. Without one, pages show it.
func HumansOnly(
	solved func(*http.Request) (bool, error),
	accept func(*http.Request, otphttp.Claim) (otphttp.Done, error),
) func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
	return func(r *http.Request, c otphttp.Claim) (otphttp.Done, error) {
		if c.Proved {
			switch ok, err := solved(r); {
			case err != nil:
				return nil, err
			case !ok:
				return nil, &otphttp.Problem{
					Status: http.StatusForbidden, Code: otphttp.ChallengeRequired,
					Detail: "Show that you are a person.",
				}
			}
		}
		return accept(r, c)
	}
}

var provingForm = template.Must(template.New("form").Parse(`<!DOCTYPE html>
<form method="post" action="/codes">
<input type="email" name="email" autocomplete="email" required>
<input type="hidden" name="email_verification_token" autocomplete="email-verification-token"
	data-nonce="{{.}}">
<button>Sign in</button>
</form>
<script src="/nonce.js"></script>`))

// NonceScript is nonce.js: policy headers such as "Content-Security-Policy: default-src 'self'"
// empty the attribute in the page as it was loaded.
const NonceScript = `document.querySelectorAll("[data-nonce]").forEach((field) => {
	field.setAttribute("nonce", field.dataset.nonce);
});`

// ProvingForms are forms of one's own that take proofs.
type ProvingForms struct{ Flow *otphttp.Flow }

// Show shows the form.
func (f *ProvingForms) Show(w http.ResponseWriter, r *http.Request) {
	nonce := f.Flow.Nonce(w, r) // sets a cookie, so it comes before the page
	provingForm.Execute(w, nonce)
}

// Ask takes the form. With a proof, all is done, or no code is needed on the next page.
func (f *ProvingForms) Ask(w http.ResponseWriter, r *http.Request) {
	state, err := f.Flow.Send(w, r)
	switch {
	case state.Answered: // by Done
	case err != nil:
		otphttp.WriteProblem(w, err)
	case state.Accepted:
		http.Redirect(w, r, "/account", http.StatusSeeOther)
	case state.Proved: // with the Kind ResetPassword
		http.Redirect(w, r, "/password", http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/code", http.StatusSeeOther)
	}
}
