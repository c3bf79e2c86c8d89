package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The original's requests set a password, and so do those of an app that carries its session.
func TestReset(t *testing.T) {
	for path, session := range map[string]bool{"/reset-password": false, "/reset": true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			members := map[string]string{"email": ada, "password": newPassword}
			if session {
				sent := w.post("/generate-otp", map[string]string{"email": ada, "session": ""})
				members["session"] = sent.session(t)
			} else {
				w.get("/generate-otp/ada@example.com").want(t, http.StatusAccepted, "")
			}
			require.Equal(t, ada, w.mailbox.Letters()[0].To, "the mail goes to the stored address")

			code := w.code()
			members["otp"] = code[:4] + " " + code[4:]
			w.post(path, members).want(t, http.StatusOK, "")
			rejected := map[bool]string{false: "code_rejected", true: "code_used"}[session]
			w.post(path, members).want(t, http.StatusForbidden, rejected)
			w.login(ada, newPassword).want(t, http.StatusOK, "")
			w.login(ada, oldPassword).want(t, http.StatusForbidden, "password_wrong")

			notice := w.mailbox.Letters()[0]
			assert.Equal(t, ada, notice.To)
			assert.Contains(t, notice.Subject, "was changed")
			assert.NotRegexp(t, codePattern, notice.Text)
			assert.NotContains(t, notice.Text, "://")
		})
	}
}

// Nothing goes to an address without an account.
func TestUnknownAddressesGetNoMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate("eve@example.com").want(t, http.StatusAccepted, "")
		w.get("/generate-otp/zoe@example.com").want(t, http.StatusAccepted, "")
		assert.Empty(t, w.mailbox.Letters())
	})
}

// Rule 10: whoever asks, fails, is limited and goes on for days sees the same for an address with
// an account and for one without: answers, times and calls of the stores, with mail that fails too.
func TestKnownAndUnknownAddressesAnswerAlike(t *testing.T) {
	for _, mailErr := range []error{nil, errBroken} {
		known := transcript(t, "ada@example.com", mailErr)
		unknown := transcript(t, "eve@example.com", mailErr)
		for i := range known {
			require.Equal(t, known[i], unknown[i])
		}
		require.Contains(t, strings.Join(known, ""), "429 Too Many Requests")
	}
}

func transcript(t *testing.T, email string, mailErr error) (seen []string) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mailErr = mailErr
		start := time.Now()
		record := func(a answer) {
			dump, err := httputil.DumpResponse(a.Response, false)
			require.NoError(t, err)
			seen = append(seen, fmt.Sprint(string(dump), a.text, w.calls, time.Since(start)))
		}

		for range 4 {
			record(w.generate(email))
			record(w.get("/generate-otp/" + email)) // limited
			record(w.reset(email, "no code", newPassword))
			record(w.reset(email, "00000000", "short"))
			for range 6 {
				record(w.reset(email, "00000000", newPassword))
			}
			time.Sleep(24 * time.Hour)
		}
		record(w.login(email, "not the right password"))
	})
	return seen
}

// A password that cannot be chosen costs nothing: the code is there for the next try.
func TestBadPasswordsCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		w.calls = nil

		for password, code := range map[string]string{
			"short":                   "password_too_short",
			"passwordpassword":        "password_common",
			strings.Repeat("long", 3): "password_too_short",
			strings.Repeat("long", 9): "password_common",
			strings.Repeat("a", 129):  "password_too_long",
			"":                        "password_too_short",
			strings.ToLower(ada):      "password_is_address",
			"\tAda@Example.com ":      "password_is_address",
		} {
			w.reset(ada, w.code(), password).want(t, http.StatusUnprocessableEntity, code)
		}
		assert.NotContains(t, w.calls, "codes.CompareAndSwap")
		w.reset(ada, w.code(), newPassword).want(t, http.StatusOK, "")
	})
}

// The password is changed even if the notice of it cannot be sent.
func TestANoticeThatCannotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		w.mailErr = errBroken
		w.reset(ada, w.code(), newPassword).want(t, http.StatusOK, "")
		w.login(ada, newPassword).want(t, http.StatusOK, "")
		assert.Contains(t, w.log(), "could not be told")
	})
}

// The log has no code, no address and no password, and does have what support needs.
func TestTheLogHoldsNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.get("/generate-otp/ada@example.com")
		code := w.code()
		w.reset(ada, wrong(code), newPassword)
		w.reset(ada, code, newPassword)
		w.login(ada, newPassword)
		time.Sleep(2 * time.Minute)
		w.generate(ada)
		w.mailErr = fmt.Errorf("no mailbox %s, %w", ada, errBroken)
		w.reset(ada, w.code(), newPassword)
		time.Sleep(2 * time.Minute)
		w.generate("ADA@example.com")
		w.generate("eve@example.com")

		for _, secret := range []string{"example.com", code, newPassword, wrong(code)} {
			assert.NotContains(t, strings.ToLower(w.log()), secret)
		}
		for _, needed := range []string{
			w.app.Codes.Pseudonym(ada), "op=send", "op=verify", "message_id=", "route=/reset",
			"duration_ms=", "trust=Stranger", "cause=", "could not be told",
		} {
			assert.Contains(t, w.log(), needed)
		}
	})
}

// No address but one bare one gets further than the form.
func TestBadAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, email := range []string{
			"", "ada", "ada@example.com,eve@example.com", "ada@example.com\r\nBcc: eve@example.com",
			"\u212ada@example.com",
		} {
			w.post("/generate-otp", map[string]string{"email": email}).
				want(t, http.StatusBadRequest, "address_invalid")
			w.reset(email, "12345678", newPassword).
				want(t, http.StatusBadRequest, "address_invalid")
			w.login(email, oldPassword).want(t, http.StatusBadRequest, "address_invalid")
		}
		assert.Empty(t, w.mailbox.Letters())

		// What was meant is certain.
		w.post("/generate-otp", map[string]string{"email": "Ada <ada@example.com>"}).
			want(t, http.StatusAccepted, "")
		assert.Len(t, w.mailbox.Letters(), 1)
	})
}

// Signing in takes an argon2id hash for unknown addresses, too: 19 MiB of memory, which nothing
// else takes.
func TestSigningInHashesForUnknownAddresses(t *testing.T) {
	w := newWorld(t)
	for _, email := range []string{ada, "eve@example.com"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w.login(email, "not the right password").want(t, http.StatusForbidden, "password_wrong")
		runtime.ReadMemStats(&after)
		assert.InDelta(t, 19<<20, after.TotalAlloc-before.TotalAlloc, 1<<20, email)
	}
}

// A flood of sign-ins has a line of its own: resets go through, and spend no code in vain.
func TestSignInFlood(t *testing.T) {
	w := newWorld(t)
	w.generate(ada).want(t, http.StatusAccepted, "")
	code := w.code()

	flood, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 600 {
		all.Go(func() {
			body := strings.NewReader(
				`{"email": "eve@example.com", "password": "not the right one"}`,
			)
			r := httptest.NewRequest(http.MethodPost, "https://acme.example/login", body)
			r.Header.Set("Content-Type", "application/json")
			w.handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(flood))
		})
	}

	require.Eventually(
		t,
		func() bool { return w.called("users.Find") > 600 },
		time.Minute,
		time.Millisecond,
	)
	reset := w.reset(ada, code, newPassword)
	stop()
	all.Wait()

	reset.want(t, http.StatusOK, "")
	w.login(ada, newPassword).want(t, http.StatusOK, "")
}
