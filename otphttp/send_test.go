package otphttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// cookieValues are what is random in an answer. Their lengths are not.
var cookieValues = regexp.MustCompile(`(otp[a-z-]*=|"session":")([A-Za-z0-9_-]+)`)

// Rule 10: known and unknown addresses get the same status, headers, bodies and time, with mail
// that fails too.
func TestKnownAndUnknownAddressesAnswerAlike(t *testing.T) {
	scenarios := map[string]func(*service, *client, string) []reply{
		"browser": func(s *service, c *client, email string) []reply {
			c.header.Set("Sec-Fetch-Site", "same-origin")
			return scenario(s, c, email)
		},
		"without a session": scenario,
		"session": func(s *service, c *client, email string) []reply {
			sent := c.post(s.ServeSend, "email", email, "session", "")
			code := c.post(s.ServeVerify, "session", sent.document(c.t).Session, "code", "000000")
			return []reply{sent, code}
		},
		"curl": func(s *service, c *client, email string) []reply {
			c.blocked = true
			return []reply{
				c.post(s.ServeSend, "email", email), c.post(s.ServeSend, "email", email),
				c.post(s.ServeVerify, "email", email, "code", "000000"),
			}
		},
	}

	for name, play := range scenarios {
		for fault, err := range map[string]error{
			"": nil, ", mail fails": errOnFire, ", mail is refused": otp.ErrUndeliverable,
			", mail is not sent": otp.ErrNotSent,
		} {
			t.Run(name+fault, func(t *testing.T) {
				of := func(email string) string { return transcript(t, email, err, play) }
				known, unknown := of("ada@example.com"), of("eve@example.com")
				require.True(t, known == unknown, "known:\n%.5000s\nunknown:\n%.5000s",
					known, unknown)
			})
		}
	}
}

// scenario asks, is limited, guesses until the code is exhausted, and goes on for days.
func scenario(s *service, c *client, email string) (replies []reply) {
	for range 12 {
		replies = append(replies,
			c.post(s.ServeSend, "email", email), c.post(s.ServeSend, "email", email),
			c.get(s.ServeStatus), c.post(s.ServeVerify, "code", "hello"),
			c.post(s.ServeVerify, "code", "000000", "password", "short"))
		for range 6 {
			replies = append(replies, c.post(s.ServeVerify, "code", "000000"))
		}
		time.Sleep(24 * time.Hour)
	}
	return replies
}

// transcript returns everything that can be seen from outside.
func transcript(
	t *testing.T, email string, mailErr error, play func(*service, *client, string) []reply,
) string {
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		config := otp.Config{Policy: otp.Policy{MinSendTime: 50 * time.Millisecond}}
		s := newServiceWith(t, config, func(c *otphttp.Config) {
			c.AllowUnbound = true
			c.Find = func(_ *http.Request, typed string) (otphttp.Recipient, error) {
				if typed == "ada@example.com" {
					time.Sleep(3 * time.Millisecond) // a hit takes longer
					return otphttp.Recipient{Known: true}, nil
				}
				return otphttp.Recipient{}, nil
			}
		})
		s.inbox.Fail(mailErr)
		start := time.Now()

		for _, reply := range play(s, newClient(t), email) {
			dump, err := httputil.DumpResponse(reply.Response, false)
			require.NoError(t, err)
			fmt.Fprintln(&out, cookieValues.ReplaceAllStringFunc(string(dump)+reply.text,
				func(found string) string { return fmt.Sprintf("(%d characters)", len(found)) }))
		}
		fmt.Fprintln(&out, "after", time.Since(start))
	})
	return out.String()
}

// A second request of the same browser does not end the flow: the code of the first is there. A
// stranger whom the limits refuse learns when to come back, and has no session to look with.
func TestAskingTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, stranger := newService(t, nil), newClient(t), newClient(t)
		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		before := c.cookies[binding].Value

		for who, live := range map[*client]bool{c: true, stranger: false} {
			refused := who.post(s.ServeSend, "email", ada)
			d := refused.want(t, 429, "send_limited")
			assert.Equal(t, live, d.Flow.Live)
			assert.Equal(t, "60", refused.Header.Get("Retry-After"))
		}
		assert.Equal(t, before, c.cookies[binding].Value)
		require.Len(t, s.inbox.Messages(), 1)
		stranger.get(s.ServeStatus).want(t, 403, "session_missing")
		c.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
	})
}

// A client that hangs up is nothing to wake somebody for.
func TestHangingUp(t *testing.T) {
	s := newService(t, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()

	newClient(t).do(s.ServeSend, formOf("email=ada%40example.com").WithContext(ctx)).
		want(t, 503, "unavailable")

	assert.Contains(t, s.log.String(), "level=INFO")
	assert.NotContains(t, s.log.String(), "level=ERROR")
}

// The budget of a client counts what acts and what reads.
func TestAllow(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		c.Allow = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("RateLimit", "0")
			return false
		}
	})
	c := newClient(t)

	for _, reply := range []reply{
		c.post(s.ServeSend, "email", ada), c.post(s.ServeVerify, "code", "000000"),
		c.get(s.ServeStatus),
	} {
		d := reply.want(t, 429, "too_many_requests")
		assert.Nil(t, d.Flow, "no code was looked at")
		assert.Equal(t, "60", reply.Header.Get("Retry-After"))
		assert.Equal(t, "0", reply.Header.Get("RateLimit"))
	}
	assert.Empty(t, s.inbox.Messages())
}
