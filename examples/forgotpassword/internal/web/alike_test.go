package web_test

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

// bindPattern finds what is random in an answer.
var bindPattern = regexp.MustCompile(`__Host-reset=[A-Z2-7]{26}\.`)

// transcript plays the scenario in a world of its own, which begins at the same second each time, and returns everything
// that can be seen from outside: each answer to the byte, how long it took, and the calls of the stores it made.
func transcript(t *testing.T, configure func(*world), scenario func(*world) func(yield func(*http.Response) bool)) string {
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		configure(w)
		start := time.Now()
		for answer := range scenario(w) {
			dump, err := httputil.DumpResponse(answer, true)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s\nafter %v, calls: %v\n\n", bindPattern.ReplaceAll(dump, []byte("BIND.")), time.Since(start), w.calls)
			w.calls, start = nil, time.Now()
		}
	})
	return out.String()
}

// alike fails the test unless the scenario looks the same for Ada, who has an account, and Eve, who has none.
func alike(t *testing.T, configure func(*world), scenario func(w *world, email string) func(yield func(*http.Response) bool)) string {
	t.Helper()
	of := func(email string) string {
		return transcript(t, configure, func(w *world) func(yield func(*http.Response) bool) { return scenario(w, email) })
	}
	known, unknown := of("ada@example.com"), of("eve@example.com")
	// The pages repeat what was typed.
	shown := strings.NewReplacer("eve@example.com", "ada@example.com", "ZXZlQGV4YW1wbGUuY29t", "YWRhQGV4YW1wbGUuY29t").Replace(unknown)
	if known != shown {
		t.Errorf("known and unknown addresses can be told apart:\n%s", firstDifference(known, shown))
	}
	return known
}

func firstDifference(a, b string) string {
	linesA, linesB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(linesA), len(linesB)) {
		if linesA[i] != linesB[i] {
			return fmt.Sprintf("line %d\n  known:   %s\n  unknown: %s", i+1, linesA[i], linesB[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(linesA), len(linesB))
}

// apiScenario asks, fails, is limited, and goes on for days until the address is locked.
func apiScenario(w *world, email string) func(yield func(*http.Response) bool) {
	return func(yield func(*http.Response) bool) {
		yield(w.reset(email, w.wrong(), newPassword)) // no code yet
		for day := range 22 {
			yield(w.generate(email))
			yield(w.generate(email)) // limited
			yield(w.get("/generate-otp/" + email))
			yield(w.reset(email, "no code", newPassword))
			yield(w.reset(email, w.wrong(), "too short"))
			for range 6 {
				yield(w.reset(email, w.wrong(), newPassword))
			}
			time.Sleep(24*time.Hour - time.Duration(day)*time.Second)
		}
		yield(w.login(email, newPassword))
	}
}

// pageScenario does the same by the pages.
func pageScenario(w *world, email string) func(yield func(*http.Response) bool) {
	return func(yield func(*http.Response) bool) {
		for range 22 {
			b := w.browser()
			yield(b.submit("/forgot", "email", email))
			yield(b.get("/code"))
			yield(b.submit("/forgot", "email", email)) // limited
			yield(b.submit("/code", "otp", "no code", "password", newPassword))
			yield(b.submit("/code", "otp", w.wrong(), "password", "too short"))
			for range 6 {
				yield(b.submit("/code", "otp", w.wrong(), "password", newPassword))
			}
			time.Sleep(24 * time.Hour)
		}
		yield(w.browser().submit("/sign-in", "email", email, "password", newPassword))
	}
}

func TestKnownAndUnknownAddressesAnswerAlike(t *testing.T) {
	for name, scenario := range map[string]func(*world, string) func(func(*http.Response) bool){
		"API": apiScenario, "pages": pageScenario,
	} {
		for fault, err := range map[string]error{
			"":                        nil,
			"mail fails":              errBroken,
			"mail is refused":         &types.MessageRejected{},
			"mail is refused for now": &types.TooManyRequestsException{},
		} {
			t.Run(name+" "+fault, func(t *testing.T) {
				seen := alike(t, func(w *world) { w.mailErr = err }, scenario)
				for _, status := range []string{"HTTP/1.1 403", "HTTP/1.1 422", "HTTP/1.1 429"} {
					if !strings.Contains(seen, status) {
						t.Errorf("the scenario never saw %s", status)
					}
				}
				if !regexp.MustCompile(`Retry-After: 5\d\r\n`).MatchString(seen) {
					t.Error("the scenario was never limited for a minute")
				}
				if !regexp.MustCompile(`Retry-After: \d{6,}\r\n`).MatchString(seen) {
					t.Error("the scenario was never locked")
				}
			})
		}
	}
}

// A limited and a locked address get the same answer but for the time, and nothing is sent.
func TestLockedAnswersLikeLimited(t *testing.T) {
	var limited, locked string
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.generate(ada)
		limited = dumpWithoutTime(t, w.generate(ada))
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 10 {
			want(t, w.generate(ada), http.StatusAccepted)
			for range 5 {
				want(t, w.reset(ada, w.wrong(), newPassword), http.StatusForbidden)
			}
			time.Sleep(24 * time.Hour)
		}
		mails := w.mails()
		answer := w.generate(ada)
		locked = dumpWithoutTime(t, answer)
		if answer.StatusCode != http.StatusTooManyRequests || w.mails() != mails {
			t.Errorf("after 50 wrong codes the answer is %d, and %d mails were sent", answer.StatusCode, w.mails()-mails)
		}
	})
	if limited != locked {
		t.Errorf("limited and locked can be told apart:\n%s\n%s", limited, locked)
	}
}

func dumpWithoutTime(t *testing.T, answer *http.Response) string {
	t.Helper()
	if answer.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	answer.Header.Del("Retry-After")
	dump, err := httputil.DumpResponse(answer, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(dump)
}

// Signing in takes an argon2id hash for unknown addresses, too. Anything else is a thousand times faster.
func TestSigningInHashesForUnknownAddresses(t *testing.T) {
	w := newWorld(t)
	took := func(email string) time.Duration {
		least := time.Hour
		for range 3 {
			start := time.Now()
			want(t, w.login(email, "not the right password"), http.StatusForbidden)
			least = min(least, time.Since(start))
		}
		return least
	}
	known, unknown := took(ada), took("eve@example.com")
	if unknown < known/10 || known < unknown/10 {
		t.Errorf("signing in takes %v with and %v without an account", known, unknown)
	}
}
