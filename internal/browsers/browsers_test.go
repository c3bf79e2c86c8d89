package browsers

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Every kind of flow works by keyboard, with and without the script, and behind a proxy that takes
// a prefix off.
func TestFlows(t *testing.T) {
	for _, browser := range []string{"chromium", "firefox", "webkit"} {
		t.Run(browser, func(t *testing.T) { run(t, "flows.mjs", browser) })
	}
}

// What is looked at, and where.
var (
	languages = flag.String("languages", "en,de,ar,zh-TW", "look at these languages")
	browsers  = flag.String("browsers", "chromium", "look in these browsers")
)

// No page has a fault that axe knows, or is too wide, whatever it says and however it is shown.
func TestLooks(t *testing.T) {
	for browser := range strings.SplitSeq(*browsers, ",") {
		t.Run(browser, func(t *testing.T) { run(t, "looks.mjs", browser, *languages) })
	}
}

// The script of the pages helps, and never stands in the way.
func TestScript(t *testing.T) { run(t, "script.mjs") }

// What people do by accident ends in a page that says what to do.
func TestMishaps(t *testing.T) { run(t, "mishaps.mjs") }

var picture = flag.String("picture", "", "write the picture of the documentation to this file")

// The picture of docs/pages.md is taken where a file is named for it.
func TestPicture(t *testing.T) {
	if *picture != "" {
		run(t, "picture.mjs", *picture)
	}
}

// run has a script drive a browser over the pages.
func run(t *testing.T, script string, args ...string) {
	t.Helper()
	need(t)
	services := newServices(t)
	reports := &reports{}
	site := httptest.NewServer(reports.of(newSite(t, services)))
	defer site.Close()
	t.Setenv("PROXY", services.proxy.Listener.Addr().String())

	Run(t, script, append(args, strings.Replace(site.URL, "127.0.0.1", "localhost", 1))...)
	require.Empty(t, reports.all(), "against the Content-Security-Policy")
}

// sites are the kinds of pages, by their paths.
var sites = map[string]otp.Kind{
	"sign_in": otp.SignIn, "phone": otp.SignIn, "confirm_address": otp.ConfirmAddress,
	"change_address": otp.ChangeAddress, "reset_password": otp.ResetPassword,
	"confirm_transaction": otp.ConfirmTransaction, "limited": otp.ResetPassword,
	"turnstile": otp.SignIn, "hcaptcha": otp.SignIn, "recaptcha": otp.SignIn,
}

// newSite has the pages of each kind below /script/, without their script below /plain/, behind a
// proxy that takes /prefix off, and in a language behind one that takes /in/LANGUAGE off. The codes
// that were sent, or those sent to the parameter to, are at /inbox, a line each.
func newSite(t *testing.T, s *services) http.Handler {
	t.Helper()

	inbox := &otptest.Inbox{}
	mux := http.NewServeMux()
	for name, kind := range sites {
		for _, variant := range []string{"script", "plain"} {
			path := "/" + variant + "/" + name + "/"
			mux.Handle(path, newPages(t, name, kind, path, inbox, s))
		}
	}
	shop, err := recipes.ShopPages(newFlow(t, "shop", otp.ConfirmAddress, inbox, nil))
	require.NoError(t, err)
	mux.Handle("/sign-in/", shop)
	mux.HandleFunc("/inbox", func(w http.ResponseWriter, r *http.Request) {
		to := r.FormValue("to")
		for _, m := range inbox.Messages() {
			if to == "" || m.To == to {
				fmt.Fprintln(w, m.Code.Reveal())
			}
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<!DOCTYPE html><p>This is %s", r.URL.Path)
	})

	outside := http.NewServeMux()
	outside.Handle("/prefix/", http.StripPrefix("/prefix", forget(mux)))
	outside.HandleFunc("/in/{language}/", func(w http.ResponseWriter, r *http.Request) {
		language := r.PathValue("language")
		r.Header.Set("Accept-Language", language)
		http.StripPrefix("/in/"+language, forget(mux)).ServeHTTP(w, r)
	})
	outside.HandleFunc("/service", s.serveMood)
	outside.Handle("/", mux)
	return outside
}

// forget takes away what tells a handler of the prefix, as a proxy does.
func forget(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RequestURI = r.URL.RequestURI()
		next.ServeHTTP(w, r)
	})
}

func newPages(
	t *testing.T, name string, kind otp.Kind, path string, inbox *otptest.Inbox, s *services,
) *pages.Pages {
	t.Helper()

	options := pages.Options{Product: "Acme", Path: path, Phone: name == "phone"}
	var solved func(*http.Request) (bool, error)
	if service, ok := s.challenges()[name]; ok {
		options.Challenge, options.ChallengeSources = service.Show, service.Sources
		solved = service.Solved
	}
	if strings.HasPrefix(path, "/plain/") {
		options.Files = fstest.MapFS{"script.js": {Data: []byte("// nothing")}}
	}
	p, err := pages.New(newFlow(t, strings.Trim(path, "/"), kind, inbox, solved), options)
	require.NoError(t, err)
	return p
}

func newFlow(
	t *testing.T, path string, kind otp.Kind, inbox *otptest.Inbox,
	solved func(*http.Request) (bool, error),
) *otphttp.Flow {
	t.Helper()

	name := strings.ReplaceAll(path, "/", "-")
	secret := []byte("a secret that only the tests have")
	policy := otp.Policy{MinSendTime: -1}
	if !strings.HasSuffix(name, "-limited") && solved == nil {
		policy.SendLimits = []otp.Limit{{Count: 60, Window: time.Minute}}
	}
	codes, err := otp.New(otp.Config{
		Purpose: name, Kind: kind, Secret: secret, Store: memstore.New(nil), Sender: inbox,
		Policy: policy,
	})
	require.NoError(t, err)

	field, parse := "email", otpmail.ParseAddress
	if strings.HasSuffix(name, "phone") {
		field, parse = "phone", otpsms.Normalize
	}
	flow, err := otphttp.New(otphttp.Config{
		AddressField: field,
		Codes:        codes, Keys: otp.Keys{secret}, Insecure: true,
		Name: name, Challenge: solved,
		Find: func(_ *http.Request, typed string) (otphttp.Recipient, error) {
			if typed != "" {
				to, err := parse(typed)
				return otphttp.Recipient{To: to, Known: true}, err
			}
			return otphttp.Recipient{
				To: "ada@example.com", Known: true, Trust: otp.Known, Binding: "a payment",
				Data: otpmail.Details{{Name: "Amount", Value: "€250.00"}},
			}, nil
		},
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
			return func(context.Context, http.ResponseWriter) error { return nil }, nil
		},
	})
	require.NoError(t, err)
	return flow
}
