package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestResetByPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b := w.browser()
		want(t, b.get("/"), http.StatusOK)
		answer := b.submit("/forgot", "email", " ada@example.com ")
		want(t, answer, http.StatusSeeOther)
		if got := answer.Header.Get("Location"); got != "/code" {
			t.Fatalf("the way leads to %q", got)
		}
		cookie := answer.Cookies()[0]
		if cookie.Name != "__Host-reset" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode ||
			cookie.Path != "/" || cookie.Domain != "" || strings.Contains(cookie.Value, w.code()) {
			t.Errorf("the cookie is %v", cookie)
		}

		page := want(t, b.get("/code"), http.StatusOK)
		for _, needed := range []string{
			`autocomplete="one-time-code"`, `inputmode="numeric"`, `autocomplete="new-password"`, "ada@example.com",
			"10 minutes", "with 5 attempts", "again in <span data-wait-left>58 seconds</span>", `data-wait="58"`,
		} {
			if !strings.Contains(page, needed) {
				t.Errorf("the page lacks %q:\n%s", needed, page)
			}
		}

		page = want(t, b.submit("/code", "otp", w.wrong(), "password", newPassword), http.StatusForbidden)
		if !strings.Contains(page, "This is not the code. 4 attempts are left.") || strings.Contains(page, newPassword) {
			t.Errorf("after a wrong code, the page is:\n%s", page)
		}
		page = want(t, b.submit("/code", "otp", w.code(), "password", "short"), http.StatusUnprocessableEntity)
		if !strings.Contains(page, "at least 15 characters") || !strings.Contains(page, `value="`+w.code()+`"`) {
			t.Errorf("after a short password, the page is:\n%s", page)
		}
		answer = b.submit("/code", "otp", w.code(), "password", newPassword)
		want(t, answer, http.StatusSeeOther)
		if answer.Header.Get("Location") != "/done" || len(b.cookies) > 0 {
			t.Errorf("the way leads to %q with the cookies %v", answer.Header.Get("Location"), b.cookies)
		}
		want(t, b.get("/done"), http.StatusOK)
		want(t, b.submit("/sign-in", "email", ada, "password", oldPassword), http.StatusForbidden)
		page = want(t, b.submit("/sign-in", "email", ada, "password", newPassword), http.StatusOK)
		if !strings.Contains(page, "The password is right") {
			t.Errorf("after signing in, the page is:\n%s", page)
		}
	})
}

// The mail is in the language that the browser asks for.
func TestLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := httptest.NewRequest("POST", "https://acme.example/generate-otp", strings.NewReader(`{"email": "ada@example.com"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept-Language", "de-CH, de;q=0.9, en;q=0.8")
		want(t, w.do(r), http.StatusAccepted)
		if got := w.mailbox.Letters()[0].Subject; got != "Neues Passwort für acme.example festlegen" {
			t.Errorf("the subject is %q", got)
		}
	})
}

// A code of one browser is worth nothing in another or to the API, and strangers cannot use up its attempts.
func TestCodesAreBoundToTheBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b, other := w.browser(), w.browser()
		b.submit("/forgot", "email", ada)
		code := w.code()
		time.Sleep(time.Minute)
		other.submit("/forgot", "email", ada)
		for range 6 {
			want(t, other.submit("/code", "otp", code, "password", newPassword), http.StatusForbidden)
			want(t, w.reset(ada, code, newPassword), http.StatusForbidden)
		}
		want(t, b.submit("/code", "otp", code, "password", newPassword), http.StatusSeeOther)
	})
}

// Asking again in the same browser sends the same code; it keeps its session.
func TestAskingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b := w.browser()
		b.submit("/forgot", "email", ada)
		first, session := w.code(), b.cookies["__Host-reset"]
		page := want(t, b.submit("/forgot", "email", ada), http.StatusTooManyRequests)
		if !strings.Contains(page, "You can ask again in") || w.mails() != 1 {
			t.Errorf("after asking too soon, there are %d mails and the page is:\n%s", w.mails(), page)
		}
		time.Sleep(time.Minute)
		want(t, b.submit("/forgot", "email", "ADA@example.com"), http.StatusSeeOther)
		if w.mails() != 2 || w.code() != first || strings.Split(b.cookies["__Host-reset"], ".")[0] != strings.Split(session, ".")[0] {
			t.Error("the same code was not sent again in the same session")
		}
		b.submit("/forgot", "email", "eve@example.com")
		if strings.Split(b.cookies["__Host-reset"], ".")[0] == strings.Split(session, ".")[0] {
			t.Error("another address has the same session")
		}
	})
}

// Every page says what to do about a code that is gone.
func TestRejectionsOnPages(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*world, *browser)
		code   func(*world) string
		want   string
	}{
		"malformed":    {func(*world, *browser) {}, func(*world) string { return "hello" }, "A code has 8 digits. No attempt was lost."},
		"last attempt": {func(w *world, b *browser) { fail(w, b, 3) }, (*world).wrong, "One attempt is left."},
		"exhausted":    {func(w *world, b *browser) { fail(w, b, 5) }, (*world).code, "too many wrong codes"},
		"expired":      {func(*world, *browser) { time.Sleep(10 * time.Minute) }, (*world).code, "not valid any more"},
		"used": {func(w *world, b *browser) {
			cookies := map[string]string{"__Host-reset": b.cookies["__Host-reset"]}
			b.submit("/code", "otp", w.code(), "password", newPassword)
			b.cookies = cookies // a double click
		}, (*world).code, "used already"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				b := w.browser()
				b.submit("/forgot", "email", ada)
				c.before(w, b)
				page := want(t, b.submit("/code", "otp", c.code(w), "password", newPassword), http.StatusForbidden)
				if !strings.Contains(page, c.want) {
					t.Errorf("the page does not say %q:\n%s", c.want, page)
				}
			})
		})
	}
}

func fail(w *world, b *browser, times int) {
	for range times {
		b.submit("/code", "otp", w.wrong(), "password", newPassword)
	}
}

// Mail scanners open everything they find, by GET and HEAD. That spends nothing and sends nothing.
func TestScannersSpendNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b := w.browser()
		b.submit("/forgot", "email", ada)
		mails := w.mails()

		paths := []string{"/", "/forgot", "/code", "/done", "/sign-in", "/healthz", "/reset", "/reset-password", "/login", "/generate-otp"}
		link := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
		for _, letter := range w.mailbox.Letters() {
			if strings.Contains(letter.Text, "://") || strings.Contains(letter.Text, "generate-otp") {
				t.Errorf("a mail has a link:\n%s", letter.Text)
			}
		}
		for _, path := range []string{"/", "/code", "/done", "/sign-in"} {
			for _, found := range link.FindAllStringSubmatch(want(t, b.get(path), http.StatusOK), -1) {
				if strings.Contains(found[1], "generate-otp") || !strings.HasPrefix(found[1], "/") {
					t.Errorf("%s links to %s", path, found[1])
				}
				paths = append(paths, found[1])
			}
		}
		for _, path := range paths {
			for _, method := range []string{"GET", "HEAD"} {
				for range 50 {
					if got := b.do(httptest.NewRequest(method, "https://acme.example"+path, nil)); got.StatusCode >= 500 {
						t.Fatalf("%s %s answers %d", method, path, got.StatusCode)
					}
				}
			}
		}
		for range 50 {
			want(t, b.do(httptest.NewRequest("HEAD", "https://acme.example/generate-otp/ada@example.com", nil)), http.StatusMethodNotAllowed)
		}
		if w.mails() != mails {
			t.Errorf("%d mails were sent", w.mails()-mails)
		}
		page := want(t, b.get("/code"), http.StatusOK)
		if !strings.Contains(page, "with 5 attempts") {
			t.Errorf("attempts were spent:\n%s", page)
		}
		want(t, b.submit("/code", "otp", w.code(), "password", newPassword), http.StatusSeeOther)
	})
}

// The headers that keep a page from leaking or being abused are on every answer.
func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, path := range []string{"/", "/done", "/sign-in", "/healthz", "/nowhere", "/reset", "/generate-otp/ada@example.com"} {
			h := w.get(path).Header
			csp := h.Get("Content-Security-Policy")
			if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("%s: Content-Security-Policy is %q", path, csp)
			}
			for name, value := range map[string]string{
				"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
				"Strict-Transport-Security": "max-age=63072000",
			} {
				if got := h.Get(name); got != value {
					t.Errorf("%s: %s is %q, want %q", path, name, got, value)
				}
			}
		}
		for _, path := range []string{"/", "/done", "/sign-in"} {
			page := want(t, w.get(path), http.StatusOK)
			if regexp.MustCompile(`(?i)<style|<script>|\son[a-z]+=|\sstyle=`).MatchString(page) {
				t.Errorf("%s needs unsafe-inline:\n%s", path, page)
			}
		}
	})
}

// Development uses a cookie that http takes, and says everywhere that it is development.
func TestDevelopment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.app.HTTPS, w.app.Mailbox = false, w.mailbox
		w.handler = w.app.Handler()
		b := w.browser()
		answer := b.submit("/forgot", "email", ada)
		if cookie := answer.Cookies()[0]; cookie.Name != "reset" || cookie.Secure {
			t.Errorf("the cookie is %v", cookie)
		}
		for _, path := range []string{"/", "/code", "/done", "/sign-in", "/mailbox"} {
			if page := want(t, b.get(path), http.StatusOK); !strings.Contains(page, "Development") {
				t.Errorf("%s does not say so", path)
			}
		}
		if page := want(t, b.get("/mailbox"), http.StatusOK); !strings.Contains(page, w.code()) {
			t.Error("the mailbox does not show the mail")
		}
	})
}
