package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestResetByAPI(t *testing.T) {
	for _, path := range []string{"/reset", "/reset-password"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			want(t, w.get("/generate-otp/ada@example.com"), http.StatusAccepted)
			if got := w.mailbox.Letters()[0].To; got != ada {
				t.Errorf("the mail went to %q, not to the address of the account", got)
			}
			first := w.code()
			time.Sleep(6 * time.Minute)
			want(t, w.generate(ada), http.StatusAccepted)
			second := w.code()
			if first == second {
				t.Error("in the second half of its life a code was sent again: the test shows less than it should")
			}

			body := `{"email": "ada@example.com", "otp": "` + second[:4] + " " + second[4:] + `", "password": "` + newPassword + `"}`
			if got := want(t, w.post(path, body), http.StatusOK); !strings.Contains(got, "was changed") {
				t.Errorf("the answer is %s", got)
			}
			want(t, w.post(path, body), http.StatusForbidden)
			want(t, w.reset(ada, first, "and yet another one"), http.StatusForbidden)
			want(t, w.login(ada, newPassword), http.StatusOK)
			want(t, w.login(ada, oldPassword), http.StatusForbidden)

			notice := w.mailbox.Letters()[0]
			if notice.To != ada || notice.Subject != "Your password for acme.example was changed" || codePattern.MatchString(notice.Text) || strings.Contains(notice.Text, "://") {
				t.Errorf("the last mail is no notice without code and link: %+v", notice)
			}
		})
	}
}

// A reset begins no session: no answer of the API or the pages sets a cookie but the one that ends the flow.
func TestNobodyIsSignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		for _, answer := range []*http.Response{w.reset(ada, w.code(), newPassword), w.login(ada, newPassword)} {
			want(t, answer, http.StatusOK)
			if cookies := answer.Cookies(); len(cookies) > 0 {
				t.Errorf("the answer sets %v", cookies)
			}
		}
	})
}

// Nothing goes to an address without an account, however it is asked for.
func TestUnknownAddressesGetNoMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		want(t, w.generate("eve@example.com"), http.StatusAccepted)
		want(t, w.get("/generate-otp/zoe@example.com"), http.StatusAccepted)
		want(t, w.browser().submit("/forgot", "email", "max@example.com"), http.StatusSeeOther)
		if w.mails() > 0 {
			t.Errorf("mails were sent: %v", w.mailbox.Letters())
		}
	})
}

// A password that cannot be chosen costs nothing: the code is there for the next try.
func TestThePasswordIsCheckedBeforeTheCodeIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		w.calls = nil
		for _, password := range []string{"short", "passwordpassword", ada, strings.Repeat("long", 33), strings.Repeat("ab", 10)} {
			want(t, w.reset(ada, w.code(), password), http.StatusUnprocessableEntity)
		}
		if len(w.calls) > 0 {
			t.Errorf("the stores were asked: %v", w.calls)
		}
		want(t, w.reset(ada, w.code(), newPassword), http.StatusOK)
	})
}

// Of many who submit the same code at the same time, with a password each, one wins, and it is that one's that holds.
func TestSimultaneousResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		mails, code := w.mails(), w.code()
		var status [20]int
		password := func(i int) string { return fmt.Sprintf("the password of number %d", i) }
		var all sync.WaitGroup
		for i := range status {
			all.Go(func() { status[i] = w.reset(ada, code, password(i)).StatusCode })
		}
		all.Wait()
		won := 0
		for i := range status {
			if status[i] == http.StatusOK {
				won++
				want(t, w.login(ada, password(i)), http.StatusOK)
			} else if status[i] != http.StatusForbidden {
				t.Errorf("number %d got %d", i, status[i])
			}
		}
		if won != 1 || w.mails() != mails+1 {
			t.Errorf("%d have won, and %d notices were sent", won, w.mails()-mails)
		}
	})
}

// When a store fails, nothing is accepted and the answer says that it is not the person's fault.
func TestStoresThatFail(t *testing.T) {
	for call, try := range map[string]func(*world) *http.Response{
		"users.Find":           func(w *world) *http.Response { return w.generate(ada) },
		"codes.Load":           func(w *world) *http.Response { return w.generate(ada) },
		"codes.CompareAndSwap": func(w *world) *http.Response { return w.generate(ada) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.storeOK = failing(call)
			body := want(t, try(w), http.StatusServiceUnavailable)
			if strings.Contains(body, "fire") || w.mails() > 0 {
				t.Errorf("%s: the answer is %s, and %d mails were sent", call, body, w.mails())
			}
		})
	}
	for _, call := range []string{"codes.Load", "codes.CompareAndSwap"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.generate(ada)
			w.storeOK = failing(call)
			want(t, w.reset(ada, w.code(), newPassword), http.StatusServiceUnavailable)
			w.storeOK = failing("")
			want(t, w.login(ada, oldPassword), http.StatusOK)
			want(t, w.reset(ada, w.code(), newPassword), http.StatusOK)
		})
	}
}

func failing(call string) func(string) error {
	return func(called string) error {
		if called == call {
			return errBroken
		}
		return nil
	}
}

// If the password cannot be stored once the code is spent, the answer says so, and another code helps.
func TestAPasswordThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		w.storeOK = failing("users.SetPassword")
		if body := want(t, w.reset(ada, w.code(), newPassword), http.StatusServiceUnavailable); !strings.Contains(body, "Ask for another code") {
			t.Errorf("the answer is %s", body)
		}
		w.storeOK = failing("")
		want(t, w.reset(ada, w.code(), newPassword), http.StatusForbidden)
		want(t, w.login(ada, oldPassword), http.StatusOK)
		time.Sleep(time.Minute)
		w.generate(ada)
		want(t, w.reset(ada, w.code(), newPassword), http.StatusOK)
	})
}

// The password is changed even if the notice of it cannot be sent.
func TestANoticeThatCannotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		w.mailErr = errBroken
		want(t, w.reset(ada, w.code(), newPassword), http.StatusOK)
		want(t, w.login(ada, newPassword), http.StatusOK)
		if !strings.Contains(w.log.String(), "could not be told") {
			t.Error("the log does not say so")
		}
	})
}

// The log has no code, no address and no password, and does have what support needs.
func TestTheLogHoldsNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.get("/generate-otp/ada@example.com")
		w.reset(ada, w.wrong(), newPassword)
		w.reset(ada, w.code(), newPassword)
		w.login(ada, newPassword)
		w.mailErr = errBroken
		w.generate("ADA@example.com")
		log := w.log.String()
		for _, secret := range []string{"example.com", w.code(), newPassword, w.wrong()} {
			if strings.Contains(strings.ToLower(log), secret) {
				t.Errorf("the log holds %q:\n%s", secret, log)
			}
		}
		for _, needed := range []string{w.app.Codes.Pseudonym(ada), "op=send", "op=verify", "message_id=", `route="POST /reset"`} {
			if !strings.Contains(log, needed) {
				t.Errorf("the log lacks %q:\n%s", needed, log)
			}
		}
	})
}

// Each client has a budget for what acts, which the addresses it names do not change; pages stay open to it.
func TestClientBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		try := func(method, path, client string) int {
			r := httptest.NewRequest(method, "https://acme.example"+path, strings.NewReader("{}"))
			r.Header.Set("Content-Type", "application/json")
			r.RemoteAddr = client
			recorder := httptest.NewRecorder()
			w.handler.ServeHTTP(recorder, r)
			if limited := recorder.Code == http.StatusTooManyRequests; limited != (recorder.Header().Get("Retry-After") != "") {
				t.Errorf("status %d with Retry-After %q", recorder.Code, recorder.Header().Get("Retry-After"))
			}
			return recorder.Code
		}
		for i := range 31 {
			wanted := http.StatusBadRequest
			if i == 30 {
				wanted = http.StatusTooManyRequests
			}
			if got := try("POST", []string{"/generate-otp", "/reset", "/login"}[i%3], "192.0.2.1:99"); got != wanted {
				t.Fatalf("request %d: %d, want %d", i+1, got, wanted)
			}
		}
		if got := try("GET", "/generate-otp/ada@example.com", "192.0.2.1:100"); got != http.StatusTooManyRequests || w.mails() > 0 {
			t.Errorf("from another port: %d, and %d mails", got, w.mails())
		}
		if got := try("GET", "/", "192.0.2.1:100"); got != http.StatusOK {
			t.Errorf("a page: %d", got)
		}
		if got := try("POST", "/login", "192.0.2.2:99"); got != http.StatusBadRequest {
			t.Errorf("another client: %d", got)
		}
		if got := try("POST", "/login", "[::ffff:192.0.2.1]:99"); got != http.StatusTooManyRequests {
			t.Errorf("the same client by IPv6: %d", got)
		}
		for i := range 31 { // addresses that a client of IPv6 has by itself
			got := try("POST", "/login", fmt.Sprintf("[2001:db8::%x]:99", i))
			if limited := got == http.StatusTooManyRequests; limited != (i == 30) {
				t.Errorf("request %d of a network: %d", i+1, got)
			}
		}
		if got := try("POST", "/login", "[2001:db8:0:1::1]:99"); got != http.StatusBadRequest {
			t.Errorf("another network: %d", got)
		}
		time.Sleep(2 * time.Minute)
		if got := try("POST", "/login", "192.0.2.1:99"); got != http.StatusBadRequest {
			t.Errorf("two minutes later: %d", got)
		}
	})
}

// Browsers get a page from the server. Functions have no pages, not even for what is wrong.
func TestErrorsForBrowsers(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		handler     http.Handler
		contentType string
	}{
		{w.app.Handler(), "text/html; charset=utf-8"},
		{w.app.Generate(), "application/problem+json"},
		{w.app.Reset(), "application/problem+json"},
	} {
		w.handler = c.handler
		answer := w.browser().get("/nowhere")
		body := want(t, answer, http.StatusNotFound)
		if got := answer.Header.Get("Content-Type"); got != c.contentType || !strings.Contains(body, "There is nothing here.") {
			t.Errorf("got %s, want %s: %s", got, c.contentType, body)
		}
	}
}
