package otphttp_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otphttp"
)

// What the application refuses costs nothing: Accept runs before the code is spent.
func TestARefusalCostsNothing(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	code := s.inbox.Code(t, ada)

	for range 10 {
		d := c.post(s.ServeVerify, "code", code, "password", "short").
			want(t, 422, "password_too_short")
		assert.Equal(t, "password", d.Field)
	}
	assert.Empty(t, s.doneFor)
	assert.Equal(t, 5, c.get(s.ServeStatus).want(t, 200, "").AttemptsLeft)

	c.post(s.ServeVerify, "code", code, "password", "long enough").want(t, 200, "")
	assert.Equal(t, []string{ada}, s.doneFor)
}

// Rule 1: a submission comes again with the same key, which the header has, too, bare or quoted.
// Done runs again, or not where it must not. Another key or another code is another submission.
func TestRepetitions(t *testing.T) {
	for _, once := range []bool{false, true} {
		s := newService(t, func(config *otphttp.Config) { config.Once = once })
		c := newClient(t)
		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		code := s.inbox.Code(t, ada)
		verify := func(code, key string) reply {
			c.header.Set("Idempotency-Key", key)
			return c.post(s.ServeVerify, "code", code)
		}

		verify(code, "first").want(t, 200, "")
		done := 1
		for _, again := range []string{"first", `"first"`} {
			if once {
				verify(code, again).want(t, 409, "repeated")
				continue
			}
			verify(code, again).want(t, 200, "")
			done++
		}
		verify(code, "second").want(t, 403, "code_used")
		verify(wrong(code), "first").want(t, 403, "code_mismatch")
		assert.Len(t, s.doneFor, done)
	}
}

// A double click drops the first answer: the second one must leave the browser as the first would
// have.
func TestRepetitionAfterALostAnswer(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) { c.Devices = true })
	lost := newClient(t)
	lost.post(s.ServeSend, "email", ada).want(t, 202, "")
	c := lost.twin()
	lost.header.Set("Idempotency-Key", "k")
	c.header.Set("Idempotency-Key", "k")

	lost.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
	c.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
	assert.Equal(t, []string{ada, ada}, s.doneFor)
	assert.Equal(t, "signed-in", c.cookies["session"].Value)

	c.get(func(w http.ResponseWriter, r *http.Request) {
		state, err := s.Status(w, r)
		assert.NoError(t, err)
		assert.True(t, state.Accepted)
		assert.True(t, s.KnowsDevice(r, ada))
	})
}

func TestLongKey(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	c.header.Set("Idempotency-Key", string(make([]byte, 129)))

	for _, handler := range []http.HandlerFunc{s.ServeSend, s.ServeVerify} {
		d := c.post(handler, "email", ada, "code", s.inbox.Code(t, ada)).
			want(t, 400, "invalid_request")
		assert.Equal(t, "idempotency_key", d.Field)
		assert.Contains(t, d.Detail, "Idempotency-Key must have at most 128 bytes")
	}
	assert.Empty(t, s.doneFor)
}

// A key that would make the Binding must not be guessable. Elsewhere a short one does no harm.
func TestShortKey(t *testing.T) {
	const bound = "Idempotency-Key must have at least 22 bytes"
	s, c := newService(t, nil), newClient(t)
	c.header.Set("Idempotency-Key", strings.Repeat("k", 21))

	for _, session := range []string{"", "over"} {
		d := c.post(s.ServeSend, "email", ada, "session", session).want(t, 400, "invalid_request")
		assert.Equal(t, "idempotency_key", d.Field)
		assert.Contains(t, d.Detail, bound)
	}
	assert.Empty(t, s.inbox.Messages())

	sent := newClient(t).post(s.ServeSend, "email", ada, "session", "").want(t, 202, "")
	c.post(s.ServeSend, "email", ada, "session", sent.Session).want(t, 429, "send_limited")
	c.post(s.ServeVerify, "session", sent.Session, "code", s.inbox.Code(t, ada)).want(t, 200, "")
	c.post(s.ServeSend, "email", bob).want(t, 202, "")
}

// Wrong, unreadable, expired and used codes, sessions that are over and accounts that are unknown
// make no work: neither one after the other nor at the same time.
func TestNoWorkForWrongCodes(t *testing.T) {
	for name, c := range map[string]struct {
		email   string
		before  func(*service, *client)
		code    string
		refused []string
	}{
		"wrong":      {ada, nil, "wrong", says("code_mismatch", "code_exhausted")},
		"unreadable": {ada, nil, "x", says("code_malformed")},
		"expired": {ada, func(*service, *client) { time.Sleep(10 * time.Minute) }, "",
			says("code_expired")},
		"used": {ada, func(s *service, c *client) {
			c.post(s.ServeVerify, "code", s.inbox.Code(c.t, ada)).want(c.t, 200, "")
			s.hashes = 0
		}, "", says("code_used")},
		"of a session that is over": {ada, func(*service, *client) { time.Sleep(71 * time.Minute) },
			"", says("session_missing")},
		"of nobody": {eve, nil, "123456", says("code_mismatch", "code_exhausted")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, browser := newService(t, nil), newClient(t)
				browser.post(s.ServeSend, "email", c.email).want(t, 202, "")
				code := c.code
				switch {
				case c.code == "wrong":
					code = wrong(s.inbox.Code(t, ada))
				case c.code == "":
					code = s.inbox.Code(t, ada)
				}
				if c.before != nil {
					c.before(s, browser)
				}

				guess := func(click *client) {
					answer := click.post(s.ServeVerify, "code", code, "password", "a long one")
					assert.Contains(t, c.refused, answer.document(t).Code)
				}
				for range 250 {
					guess(browser)
				}
				var guesses sync.WaitGroup
				for range 250 {
					twin := browser.twin()
					guesses.Go(func() { guess(twin) })
				}
				guesses.Wait()
				assert.Zero(t, s.hashes)
			})
		})
	}
}

// A code that is spent in vain is told so, and leaves neither session nor device.
func TestUnfinished(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) { c.Devices = true })
	c := newClient(t)
	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	before := len(c.cookies)
	s.doneErr = &otphttp.Problem{Status: 409, Code: "taken", Err: errOnFire} // is for Accept

	reply := c.post(s.ServeVerify, "code", s.inbox.Code(t, ada))
	reply.want(t, 503, "unfinished")
	assert.NotContains(t, reply.text, "fire")
	assert.Contains(t, s.log.String(), errOnFire.Error())
	assert.Len(t, c.cookies, before)
}

// What helps after a failure depends on whether the same can be sent once more.
func TestWhatHelpsWhereDoneFails(t *testing.T) {
	const again = "Send the same once more"
	for name, c := range map[string]struct {
		key  string
		once bool
		want bool
	}{
		"with a key":       {"k", false, true},
		"without a key":    {"", false, false},
		"with a key, once": {"k", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, func(config *otphttp.Config) { config.Once = c.once })
			client := newClient(t)
			client.post(s.ServeSend, "email", ada).want(t, 202, "")
			s.doneErr = errOnFire
			d := client.post(s.ServeVerify, "code", s.inbox.Code(t, ada), key, c.key).
				want(t, 503, "unfinished")
			assert.Equal(t, c.want, strings.Contains(d.Detail, again), d.Detail)
		})
	}
}

// Done may take a header back that was set before.
func TestHeadersOfDone(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		c.Accept = func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
			return func(_ context.Context, w http.ResponseWriter) error {
				w.Header().Del("X-Frame-Options")
				return nil
			}, nil
		}
	})
	c := newClient(t)
	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	answer := c.post(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("X-Kept", "yes")
		s.ServeVerify(w, r)
	}, "code", s.inbox.Code(t, ada))
	answer.want(t, 200, "")
	assert.Empty(t, answer.Header.Get("X-Frame-Options"))
	assert.Equal(t, "yes", answer.Header.Get("X-Kept"))
}

// Done goes on when the client leaves, and may answer itself.
func TestDone(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	s := newService(t, func(c *otphttp.Config) {
		c.Accept = func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
			return func(ctx context.Context, w http.ResponseWriter) error {
				hangUp()
				deadline, ok := ctx.Deadline()
				assert.NoError(t, ctx.Err())
				assert.True(t, ok)
				assert.Less(t, time.Until(deadline), 11*time.Second)

				w.WriteHeader(http.StatusCreated)
				_, err := w.Write([]byte(`{"session":"own"}`))
				return err
			}, nil
		}
	})
	c := newClient(t)
	c.post(s.ServeSend, "email", ada).want(t, 202, "")

	reply := c.do(s.ServeVerify, formOf("code="+s.inbox.Code(t, ada)).WithContext(ctx))
	require.Equal(t, http.StatusCreated, reply.StatusCode)
	require.Equal(t, `{"session":"own"}`, reply.text)
}

// Two tabs with two accounts do not mix: the code of one costs the other no attempt.
func TestTwoAccountsInOneBrowser(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	c.submit(s.ServeSend, "email", ada).want(t, 202, "")
	c.submit(s.ServeSend, "email", bob).want(t, 202, "")

	c.submit(s.ServeVerify, "email", ada, "code", s.inbox.Code(t, ada)).
		want(t, 409, "address_mismatch")
	assert.Equal(t, 5, c.get(s.ServeStatus).want(t, 200, "").AttemptsLeft)

	c.submit(s.ServeVerify, "email", "BOB@example.com", "code", s.inbox.Code(t, bob)).
		want(t, 200, "")
	assert.Equal(t, []string{bob}, s.doneFor)
}

// A code is worth nothing in another browser, and strangers cannot use up its attempts.
func TestCodesAreBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, stranger := newService(t, nil), newClient(t), newClient(t)
		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		code := s.inbox.Code(t, ada)
		stranger.post(s.ServeVerify, "email", ada, "code", code).want(t, 403, "session_missing")

		time.Sleep(2 * time.Minute)
		stranger.post(s.ServeSend, "email", ada).want(t, 202, "")
		for range 6 {
			guess := stranger.post(s.ServeVerify, "code", code)
			require.Equal(t, http.StatusForbidden, guess.StatusCode)
		}
		c.post(s.ServeVerify, "code", code).want(t, 200, "")
	})
}

// With RevokeOthers a success voids the codes that others have asked for.
func TestRevokeOthers(t *testing.T) {
	for _, revoke := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(t, func(c *otphttp.Config) { c.RevokeOthers = revoke })
			thief, owner := newClient(t), newClient(t)
			thief.post(s.ServeSend, "email", ada).want(t, 202, "")
			stolen := s.inbox.Code(t, ada)
			time.Sleep(2 * time.Minute)

			owner.post(s.ServeSend, "email", ada).want(t, 202, "")
			owner.header.Set("Idempotency-Key", "k")
			owner.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
			owner.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")

			got := thief.post(s.ServeVerify, "code", stolen)
			assert.Equal(t, revoke, got.StatusCode == http.StatusForbidden)
		})
	}
}

// With RevokeOthers, the code of another Trust in the same browser is void as well.
func TestRevokeOthersOfAnotherTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, func(c *otphttp.Config) {
			withTrust(c)
			c.RevokeOthers = true
		})
		c := newClient(t)
		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		first := s.inbox.Code(t, ada)
		time.Sleep(time.Second)
		c.post(s.ServeSend, "email", ada, "challenge", "solved").want(t, 202, "")
		before := c.twin()
		c.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")

		for _, client := range []*client{c, before} {
			answer := client.post(s.ServeVerify, "code", first)
			require.Equal(t, http.StatusForbidden, answer.StatusCode, answer.text)
		}
		assert.Equal(t, []string{ada}, s.doneFor)
	})
}
