package web_test

import (
	"context"
	"encoding/json"
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
				var document struct{ Session string }
				require.NoError(t, json.Unmarshal(sent.Body.Bytes(), &document))
				members["session"] = document.Session
			} else {
				w.generate("ada@example.com").want(t, http.StatusAccepted, "")
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

// Rule 10: whoever asks, fails, is limited and goes on for days sees the same for an address with
// an account and for one without: answers, times and look-ups, with mail that fails too.
// Nothing goes to an address without an account.
func TestKnownAndUnknownAddressesAnswerAlike(t *testing.T) {
	for _, mailErr := range []error{nil, errBroken} {
		known := transcript(t, "ada@example.com", mailErr)
		unknown := transcript(t, "eve@example.com", mailErr)
		require.Equal(t, known, unknown)
		require.Contains(t, strings.Join(known, ""), "429 Too Many Requests")
	}
}

func transcript(t *testing.T, email string, mailErr error) (seen []string) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mailErr = mailErr
		start := time.Now()
		record := func(a answer) {
			dump, err := httputil.DumpResponse(a.Result(), true)
			require.NoError(t, err)
			seen = append(seen, fmt.Sprint(string(dump), w.calls.String(), time.Since(start)))
		}

		for range 4 {
			record(w.generate(email))
			record(w.generate(email)) // limited
			record(w.reset(email, "no code", newPassword))
			record(w.reset(email, "00000000", "short"))
			for range 6 {
				record(w.reset(email, "00000000", newPassword))
			}
			time.Sleep(24 * time.Hour)
		}
		record(w.login(email, "not the right password"))
		mailed := len(w.mailbox.Letters()) > 0
		require.Equal(t, email == "ada@example.com" && mailErr == nil, mailed)
	})
	return seen
}

// A password that cannot be chosen costs nothing: the code is there for the next try.
func TestBadPasswordsCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		for range 6 { // one more than there are attempts
			w.reset(ada, w.code(), "short").
				want(t, http.StatusUnprocessableEntity, "password_too_short")
		}
		w.reset(ada, w.code(), newPassword).want(t, http.StatusOK, "")
	})
}

// The log has no code, no address and no password, and does have what support needs. The password
// is changed even if the notice of it cannot be sent.
func TestTheLogHoldsNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate("ada@example.com")
		code := w.code()
		wrong := string('0'+(code[0]-'0'+1)%10) + code[1:]
		w.reset(ada, wrong, newPassword)
		w.reset(ada, code, newPassword)
		w.login(ada, newPassword)
		time.Sleep(2 * time.Minute)
		w.generate(ada)
		w.mailErr = fmt.Errorf("no mailbox %s, %w", ada, errBroken)
		w.reset(ada, w.code(), newPassword+" one").want(t, http.StatusOK, "")
		w.login(ada, newPassword+" one").want(t, http.StatusOK, "")
		time.Sleep(2 * time.Minute)
		w.generate("ADA@example.com")
		w.generate("eve@example.com")

		for _, secret := range []string{"example.com", code, newPassword, wrong} {
			assert.NotContains(t, strings.ToLower(w.log.String()), secret)
		}
		for _, needed := range []string{
			w.app.Codes.Pseudonym(ada), "op=send", "op=verify", "message_id=", "route=/reset",
			"duration_ms=", "trust=Stranger", "class=", "could not be told",
		} {
			assert.Contains(t, w.log.String(), needed)
		}
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
			body := strings.NewReader(`{"email": "eve@example.com", "password": "not right"}`)
			r := httptest.NewRequest(http.MethodPost, "https://acme.example/login", body)
			r.Header.Set("Content-Type", "application/json")
			w.handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(flood))
		})
	}

	require.Eventually(t, func() bool {
		return strings.Count(w.calls.String(), "users.Find") > 600
	}, time.Minute, time.Millisecond)
	reset := w.reset(ada, code, newPassword)
	stop()
	all.Wait()

	reset.want(t, http.StatusOK, "")
	w.login(ada, newPassword).want(t, http.StatusOK, "")
}

// Each function answers its own part of the API, and problem documents for the rest.
func TestFunctions(t *testing.T) {
	w := newWorld(t)
	generate, err := w.app.Generate()
	require.NoError(t, err)
	reset, err := w.app.Reset()
	require.NoError(t, err)

	for _, c := range []struct {
		function http.Handler
		path     string
		status   int
		code     string
	}{
		{generate, "/generate-otp", 400, "address_invalid"},
		{generate, "/reset", 404, "not_found"},
		{generate, "/", 404, "not_found"},
		{reset, "/reset", 403, "session_missing"},
		{reset, "/reset-password", 400, "address_invalid"},
		{reset, "/login", 400, "address_invalid"},
		{reset, "/status", 403, "session_missing"},
		{reset, "/generate-otp", 404, "not_found"},
	} {
		w.handler = c.function
		got := w.post(c.path, map[string]string{})
		got.want(t, c.status, c.code)
		assert.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
		assert.Contains(t, got.Header().Get("Strict-Transport-Security"), "max-age")
	}
}
