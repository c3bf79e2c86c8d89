package pages_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestWholeFlow(t *testing.T) {
	for kind, c := range map[otp.Kind]struct{ title, sent, location, done string }{
		otp.SignIn: {"Sign in", "If there’s an account for ada@example.com", "/next", ""},
		otp.ConfirmAddress: {"Confirm your email address",
			"a code is on its way to ada@example.com", "/done", "address is confirmed"},
		otp.ChangeAddress: {"Change your email address",
			"a code is on its way to ada@example.com", "/done", "address was changed"},
		otp.ResetPassword: {"Reset your password", "If there’s an account for ada@example.com",
			"/done", "password was changed"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newWebsiteFor(t, kind, func(o *pages.Options, _ *otphttp.Config) {
				o.Next = "/next"
			})
			b := newBrowser(t, s)

			b.get("/").want(t, c.title)
			page := b.submit("/", "email", ada)
			page.want(t, "Enter the code", c.sent, "6 digits", "valid for another 10 min",
				"Attempts left: 5", "ask for another code in 1:00")
			for _, attribute := range []string{
				`autocomplete="one-time-code"`, `inputmode="numeric"`, `data-wait="60"`,
			} {
				require.Contains(t, page.text, attribute)
			}
			require.Equal(t, kind == otp.ResetPassword,
				strings.Contains(page.text, `autocomplete="new-password"`))

			answer := b.post("/code", "email", ada, "code", s.inbox.Code(t, ada), "password",
				"long enough")
			require.Equal(t, http.StatusSeeOther, answer.StatusCode)
			require.Equal(t, c.location, resolve(t, "/code", answer.Header.Get("Location")))
			require.Equal(t, 1, s.done)
			if c.done != "" {
				b.get("/done").want(t, c.done)
			}

			// The way back leads on.
			require.Equal(t, c.location, resolve(t, "/code", b.get("/code").Header.Get("Location")))
		})
	}
}

// What a code was refused for stands at its field, as often as the page is loaded, and costs no
// more.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*website, *browser)
		code   string // "" is the right one
		pass   string
		want   string
		left   string
		kept   bool // what was typed is there to be corrected
	}{
		"wrong":        {nil, "wrong", "", "That’s not the code.", "Attempts left: 4", true},
		"malformed":    {nil, "hello", "", "That doesn’t look like", "Attempts left: 5", true},
		"short":        {nil, "", "short", "Use at least 15 characters.", "Attempts left: 5", true},
		"long":         {nil, "", "long", "Use at most 128 characters.", "Attempts left: 5", true},
		"odd":          {nil, "", "odd", "Not &lt;this&gt; one.", "Attempts left: 5", true},
		"last attempt": {guess(4), "wrong", "", "too many wrong codes", "Send a new code", false},
		"exhausted":    {guess(5), "", "", "too many wrong codes", "Send a new code", false},
		"expired": {func(*website, *browser) { time.Sleep(10 * time.Minute) }, "", "",
			"The code has expired.", "Send a new code", false},
		"revoked": {func(s *website, b *browser) { s.codes.RevokeAll(b.t.Context(), ada) }, "", "",
			"The code is no longer valid.", "Send a new code", false},
		"unfinished": {func(s *website, _ *browser) { s.err = errBroken }, "", "",
			"Your code was right, but something went wrong on our side.", "Send a new code", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newWebsite(t, nil)
				b := newBrowser(t, s)
				b.ask(ada)
				code := s.inbox.Code(t, ada)
				if c.before != nil {
					c.before(s, b)
				}

				typed := c.code
				switch typed {
				case "":
					typed = code
				case "wrong":
					typed = wrong(code)
				}
				page := b.submit("/code", "email", ada, "code", typed, "password", c.pass)
				for range 3 {
					page.want(t, c.want, c.left)
					require.Contains(t, page.text, "<title>Error: Enter the code – Acme</title>")
					require.Equal(t, c.kept, strings.Contains(page.text, `value="`+typed+`"`))
					page = b.get(b.last) // loaded again
				}
			})
		})
	}
}

func guess(times int) func(*website, *browser) {
	return func(s *website, b *browser) {
		for range times {
			b.post("/code", "email", ada, "code", wrong(s.inbox.Code(b.t, ada)))
		}
	}
}

var errBroken = fmt.Errorf("the database is on fire")

func TestAskRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWebsite(t, nil)
		b := newBrowser(t, s)

		page := b.ask("ada")
		page.want(t, "Enter an address such as ada@example.com.")
		require.Contains(t, page.text, `value="ada"`)
		require.Contains(t, page.text, `aria-invalid="true" aria-describedby="address-error"`)

		newBrowser(t, s).ask(ada) // somebody else
		page = b.ask(ada)
		page.want(t, "Too many codes were requested for this address.", "ask for another code in")
		require.Len(t, s.inbox.Messages(), 1)
	})
}

// A browser that takes no cookies is told so, and gets no code.
func TestWithoutCookies(t *testing.T) {
	s := newWebsite(t, nil)
	b := newBrowser(t, s)

	page := b.post("/", "email", ada)
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	page.want(t, "Please allow cookies", "No code was sent.")
	require.Empty(t, s.inbox.Messages())
}

// Asking again on the page of the code leads back there, with a word about it.
func TestSendAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWebsite(t, nil)
		b := newBrowser(t, s)
		b.ask(ada)
		again := func() view { return b.submit("/", "email", ada, "again", "yes") }

		again().want(t, "Enter the code", "Attempts left: 5") // too soon: no harm
		require.Len(t, s.inbox.Messages(), 1)

		time.Sleep(2 * time.Minute)
		again().want(t, "Sent again.", "Attempts left: 5")
		require.Len(t, s.inbox.Messages(), 2)

		guess(5)(s, b)
		b.get("/code").want(t, "Send a new code", "ask for another code in")
		again().want(t, "Too many codes were requested", "Send a new code")
	})
}

// The codes get longer under attack: the page says how long.
func TestLongerCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWebsite(t, nil)
		b := newBrowser(t, s)
		for day := 0; ; day++ {
			require.Less(t, day, 20, "codes never got longer")
			b.ask(ada).want(t, "Attempts left: 5")
			if len(s.inbox.Code(t, ada)) > 6 {
				break
			}
			guess(5)(s, b)
			time.Sleep(24 * time.Hour)
		}

		b.get("/code").want(t, "10 digits")
		b.post("/code", "email", ada, "code", s.inbox.Code(t, ada))
		require.Equal(t, 1, s.done)
	})
}

// Letters have another keyboard.
func TestLetters(t *testing.T) {
	codes, _ := otptest.New(t, otp.Config{
		Kind: otp.ResetPassword, Policy: otp.Policy{Alphabet: otp.Letters, Length: 8},
	})
	letters := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) { c.Codes = codes })
	page := newBrowser(t, letters).ask(ada)
	page.want(t, "characters")
	require.Contains(t, page.text, `autocapitalize="characters"`)
	require.NotContains(t, page.text, "inputmode")
}

// Mail scanners open everything by GET and HEAD. That spends nothing and sends nothing.
func TestScannersSpendNothing(t *testing.T) {
	s := newWebsite(t, nil)
	b := newBrowser(t, s)
	b.ask(ada)
	code := s.inbox.Code(t, ada)

	for _, path := range []string{"/", "/code", "/code?code=" + code, "/done", "/?email=" + ada} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for range 10 {
				require.Less(t, b.do(httptest.NewRequest(method, site+path, nil)).StatusCode, 400)
			}
		}
	}
	require.Len(t, s.inbox.Messages(), 1)
	b.get("/code").want(t, "Attempts left: 5")
	require.Zero(t, s.done)
}

// What is not a form of these pages gets a page of its own. What another site makes a browser send
// sets no cookie.
func TestErrorPages(t *testing.T) {
	s := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) {
		c.Allow = func(_ http.ResponseWriter, r *http.Request) bool {
			return r.Header.Get("X-Flood") == ""
		}
	})
	b := newBrowser(t, s)
	b.ask(ada)

	foreign := func(path string) *http.Request {
		r := form(path, "email="+ada+"&code=123456")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		return r
	}
	flood := form("/code", "code=123456")
	flood.Header.Set("X-Flood", "yes")
	floodOfReads := httptest.NewRequest(http.MethodGet, site+"/code", nil)
	floodOfReads.Header.Set("X-Flood", "yes")
	unknownMethod := httptest.NewRequest(http.MethodDelete, site+"/code", nil)

	for _, c := range []struct {
		request *http.Request
		status  int
		text    string
	}{
		{foreign("/code"), 403, "The request came from another website"},
		{foreign("/"), 403, "The request came from another website"},
		{flood, 429, "Too many requests are coming from your network."},
		{floodOfReads, 429, "Too many requests are coming from your network."},
		{form("/code", "code=1&code=2"), 400, "The form couldn’t be read."},
		{form("/code", "code="+strings.Repeat("1", 1<<20)), 413, "The form couldn’t be read."},
		{unknownMethod, 405, "The form couldn’t be read."},
		{httptest.NewRequest(http.MethodGet, site+"/nowhere", nil), 404, "There’s nothing here."},
	} {
		page := b.do(c.request)
		require.Equal(t, c.status, page.StatusCode)
		page.want(t, c.text)
		if c.status == http.StatusForbidden {
			assert.Empty(t, page.Cookies())
			stranger := newBrowser(t, s).do(c.request.Clone(t.Context()))
			assert.Empty(t, stranger.Cookies())
		}
		if c.status == http.StatusTooManyRequests {
			assert.Equal(t, "60", page.Header.Get("Retry-After"))
			page.want(t, "Back to the code")
		}
	}
	b.get("/code").want(t, "Attempts left: 5")
	require.Len(t, s.inbox.Messages(), 1)
}

// A browser that loses cookies between two mails gets the same code again, and the first mail
// works. Without any cookie the page says what to do.
func TestLostCookies(t *testing.T) {
	for _, lost := range []string{"__Host-otp", "__Host-otp-flow", "all"} {
		synctest.Test(t, func(t *testing.T) {
			s := newWebsite(t, nil)
			b := newBrowser(t, s)
			b.ask(ada)
			first := s.inbox.Code(t, ada)
			time.Sleep(61 * time.Second)

			if lost == "all" {
				clear(b.cookies)
				b.post("/", "email", ada, "again", "yes").want(t, "Please allow cookies")
				b.get("/code").want(t, "Enter the code where you asked for it")
				return
			}
			delete(b.cookies, lost)
			b.get("/code") // makes another Binding
			b.submit("/", "email", ada, "again", "yes").want(t, "Sent again.")
			require.Equal(t, first, s.inbox.Code(t, ada))
			b.post("/code", "email", ada, "code", first, "password", "long enough")
			require.Equal(t, 1, s.done)
		})
	}
}

func form(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, site+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// A failure of the service is told on the page.
func TestFailureOfTheService(t *testing.T) {
	broken := true
	codes, inbox := otptest.New(t, otp.Config{Kind: otp.ResetPassword, Store: &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(otptest.StoreCall) (fault otptest.StoreFault) {
			if broken {
				fault.Before = errBroken
			}
			return fault
		},
	}})
	s := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) { c.Codes = codes })
	b := newBrowser(t, s)

	page := b.ask(ada)
	page.want(t, "Something went wrong on our side.")
	page.wantNot(t, "fire")
	require.Contains(t, page.text, `value="`+ada+`"`)

	broken = false
	b.submit("/", "email", ada).want(t, "Enter the code")
	require.Len(t, inbox.Messages(), 1)
	broken = true
	page = b.get("/code")
	require.Equal(t, http.StatusServiceUnavailable, page.StatusCode)
	page.want(t, "Something went wrong on our side.", "Back to the code")
}

// The note of a redirect is nothing that another page shows, and no way to run a script.
func TestNotes(t *testing.T) {
	s := newWebsite(t, nil)
	b := newBrowser(t, s)

	page := b.ask(`"><script>alert(1)</script>`)
	page.wantNot(t, "<script>alert")
	b.ask(ada).wantNot(t, "alert")
	b.submit("/code", "email", ada, "code", `"><script>alert(1)</script>`).
		wantNot(t, "<script>alert")
	b.get("/").wantNot(t, "alert(1)")

	long := strings.Repeat("é", 1000)
	b.submit("/code", "email", ada, "code", long).want(t, "That doesn’t look like the code.")
	b.cookies["__Host-otp-note-flow"].Value = "%"
	b.get("/code").want(t, "Attempts left: 5")
	for name, cookie := range b.cookies {
		assert.Less(t, len(name)+len(cookie.Value), 2048)
	}
}

var randomValues = regexp.MustCompile(
	`(otp[a-z-]*=|[?&]n=|name="idempotency_key" value=")([A-Za-z0-9_-]+)`,
)

// Rule 10 on pages: known and unknown addresses look the same, and take as long.
func TestKnownAndUnknownAddressesLookAlike(t *testing.T) {
	for fault, err := range map[string]error{
		"no": nil, "mail fails": errBroken, "mail is refused": otp.ErrUndeliverable,
	} {
		t.Run(fault, func(t *testing.T) {
			if testing.Short() && err != nil {
				t.Skip("takes a fifth of a second of a processor")
			}
			of := func(email string) string { return transcript(t, email, err) }
			require.Equal(t, strings.ReplaceAll(of(ada), ada, eve), of(eve))
		})
	}
}

func transcript(t *testing.T, email string, mailErr error) string {
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		s := newWebsite(t, nil)
		s.inbox.Fail(mailErr)
		b := newBrowser(t, s)
		start := time.Now()
		record := func(v view) {
			dump, err := httputil.DumpResponse(v.Response, false)
			require.NoError(t, err)
			text := randomValues.ReplaceAllStringFunc(
				string(dump)+v.text,
				func(found string) string {
					return fmt.Sprintf("(%d characters)", len(found))
				},
			)
			fmt.Fprintln(&out, text, time.Since(start))
		}

		for range 12 {
			record(b.get("/"))
			for _, code := range []string{"hello", "000000", "000000"} {
				record(b.post("/", "email", email))
				record(b.get("/code"))
				record(b.post("/code", "email", email, "code", code, "password", "short"))
				record(b.post("/code", "email", email, "code", code))
				record(b.get("/code"))
			}
			time.Sleep(24 * time.Hour)
		}
	})
	return out.String()
}
