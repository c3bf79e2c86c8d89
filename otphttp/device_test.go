package otphttp_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

const deviceCookie = "__Host-otp-device"

// withTrust turns on what vouches: devices, and a challenge whose answer is "solved".
func withTrust(c *otphttp.Config) {
	c.Devices = true
	c.Challenge = func(r *http.Request) (bool, error) {
		return r.PostForm.Get("challenge") == "solved", nil
	}
}

// Rule 8: while a stranger asks for an address once a minute all day, a known device gets in at any
// time, and a new one after a challenge.
func TestAStrangerAsksAllDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, withTrust)
		known := newClient(t)
		signIn(t, s, known)

		stranger := newClient(t)
		sent := 0
		for minute := range 24 * 60 {
			time.Sleep(time.Minute)
			if stranger.post(s.ServeSend, "email", ada).StatusCode == http.StatusAccepted {
				sent++
			}
			if minute%180 == 100 {
				signIn(t, s, known)
			}
		}
		require.Less(t, sent, 12)
		require.Greater(t, sent, 5)

		device := newClient(t)
		device.post(s.ServeSend, "email", ada).want(t, 429, "challenge_required")
		device.post(s.ServeSend, "email", ada, "challenge", "wrong").
			want(t, 429, "challenge_required")
		device.post(s.ServeSend, "email", ada, "challenge", "solved").want(t, 202, "")
		verify(t, s, device)

		time.Sleep(2 * time.Minute)
		signIn(t, s, device) // known from now on
	})
}

func signIn(t *testing.T, s *service, c *client) {
	t.Helper()

	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	verify(t, s, c)
}

func verify(t *testing.T, s *service, c *client) {
	t.Helper()

	before := len(s.doneFor)
	c.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
	require.Len(t, s.doneFor, before+1)
}

// A crowd is clients of one service that knows devices and challenges, by name.
type crowd struct {
	*service
	t       *testing.T
	clients map[string]*client
}

func (c *crowd) of(name string) *client {
	if c.clients[name] == nil {
		c.clients[name] = newClient(c.t)
	}
	return c.clients[name]
}

// asks asks for a code with the answer to a challenge. The answer is a success, or a refusal with
// the code of its problem.
func (c *crowd) asks(name, email, challenge, refused string) document {
	c.t.Helper()
	d := c.of(name).post(c.ServeSend, "email", email, "challenge", challenge).document(c.t)
	require.Equal(c.t, refused, d.Code)
	return d
}

func (c *crowd) signsIn(name string) {
	c.t.Helper()
	signIn(c.t, c.service, c.of(name))
}

// What vouches for a client, and for how long: its device, or a challenge that it has solved.
func TestTrust(t *testing.T) {
	const solved, required, limited = "solved", "challenge_required", "send_limited"

	for what, play := range map[string]func(*crowd){
		// The same code comes again, as long as it lives, but no longer.
		"one answer serves one code": func(c *crowd) {
			c.asks("stranger", ada, "", "")
			c.asks("owner", ada, solved, "")
			code := c.inbox.Code(c.t, ada)
			time.Sleep(2 * time.Minute)
			c.asks("owner", ada, "", "")
			require.Equal(c.t, code, c.inbox.Code(c.t, ada))

			for range 5 { // use up what strangers have in an hour
				time.Sleep(2 * time.Minute)
				c.of("stranger").post(c.ServeSend, "email", ada)
			}
			c.asks("owner", ada, "", required)
		},
		"a code that is exhausted takes its Trust along": func(c *crowd) {
			c.asks("owner", ada, solved, "")
			for range 5 {
				enters(wrong(c.inbox.Code(c.t, ada)))(c.service, c.of("owner"))
			}
			time.Sleep(time.Minute)
			c.asks("stranger", ada, "", "")
			c.asks("owner", ada, "", required)
		},
		"asking again renews a code, and not the evidence": func(c *crowd) {
			c.asks("owner", ada, solved, "")
			time.Sleep(6 * time.Minute)
			c.asks("owner", ada, "", "")
			renewed := c.inbox.Code(c.t, ada)
			time.Sleep(4*time.Minute + 30*time.Second)
			c.asks("stranger", ada, "", "")
			c.asks("owner", ada, "", required)
			enters(renewed)(c.service, c.of("owner")).want(c.t, 200, "")
		},
		// Asking again finds the code that a challenge has brought.
		"a known device that is limited loses its session": func(c *crowd) {
			c.signsIn("former")
			time.Sleep(2 * time.Minute)
			c.signsIn("owner")
			delete(c.of("owner").cookies, sessionCookie)
			c.asks("former", ada, "", "")
			c.asks("owner", ada, solved, "")
			delete(c.of("owner").cookies, sessionCookie)
			require.True(c.t, c.asks("owner", ada, solved, limited).Flow.Live)
			verify(c.t, c.service, c.of("owner"))
		},
		"a challenge for one address prolongs none for another": func(c *crowd) {
			c.asks("owner", bob, solved, "")
			time.Sleep(9 * time.Minute)
			c.asks("owner", ada, solved, "")
			time.Sleep(30 * time.Second)
			c.asks("stranger", bob, "", "")
			c.asks("owner", bob, "", required)
		},
		"one answer serves one address and one session": func(c *crowd) {
			c.asks("stranger", bob, "", "")
			c.asks("owner", ada, solved, "")
			c.asks("owner", bob, "", required)
			c.asks("other", ada, "", "")
			time.Sleep(30 * time.Second)
			c.asks("other", ada, "", required)
		},
		"who has solved a challenge and is limited needs no other": func(c *crowd) {
			c.asks("owner", ada, solved, "")
			c.asks("other", ada, solved, limited)
		},
		"a known device whose limits are used up": func(c *crowd) {
			c.signsIn("former")
			time.Sleep(2 * time.Minute)
			c.signsIn("owner")
			for range 100 {
				time.Sleep(2 * time.Minute)
				c.of("former").post(c.ServeSend, "email", ada)
			}
			c.asks("owner", ada, "", required)
			c.asks("owner", ada, solved, "")
			verify(c.t, c.service, c.of("owner"))
		},
		// Asking again too soon is told with it, and with the challenge that would bring another.
		"a code that is live is what counts": func(c *crowd) {
			c.asks("owner", ada, "", "")
			first := c.inbox.Code(c.t, ada)
			require.True(c.t, c.asks("owner", ada, "", required).Flow.Live)
			time.Sleep(30 * time.Second)
			c.asks("owner", ada, solved, "")
			time.Sleep(31 * time.Second) // a stranger could have another code by now
			second := c.inbox.Code(c.t, ada)
			require.NotEqual(c.t, first, second)

			require.True(c.t, c.asks("owner", ada, "", limited).Flow.Live)
			enters(wrong(second))(c.service, c.of("owner")).want(c.t, 403, "code_mismatch")
			enters(first)(c.service, c.of("owner")).want(c.t, 200, "")
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				play(&crowd{newService(t, withTrust), t, map[string]*client{}})
			})
		})
	}
}

// A device is known to the accounts in which a code was accepted on it, under any of the keys, for
// 180 days.
func TestDevices(t *testing.T) {
	withKeys := func(keys otp.Keys) func(*otphttp.Config) {
		return func(c *otphttp.Config) { c.Devices, c.Keys = true, keys }
	}

	for name, c := range map[string]struct {
		configure func(*otphttp.Config)
		spoil     func(value string) string
		wait      time.Duration
		to        string
		known     bool
	}{
		"as it is":           {known: true},
		"another spelling":   {to: "ADA@EXAMPLE.COM", known: true},
		"another account":    {to: bob},
		"no address":         {to: "\n"},
		"almost 180 days":    {wait: 180*24*time.Hour - time.Second, known: true},
		"180 days":           {wait: 180 * 24 * time.Hour},
		"a new key in front": {configure: withKeys(otp.Keys{newKey, testKeys[0]}), known: true},
		"the old key gone":   {configure: withKeys(otp.Keys{newKey})},
		"the head alone":     {spoil: func(v string) string { return v[:32] }},
		"nothing":            {spoil: func(string) string { return "" }},
		"many of others":     {spoil: func(v string) string { return "A.B.C.D.E." + v }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, client := newService(t, withKeys(testKeys)), newClient(t)
				signIn(t, s, client)
				cookie := client.cookies[deviceCookie]
				require.Equal(t, 180*24*3600, cookie.MaxAge)
				require.True(t, cookie.HttpOnly && cookie.Secure)

				time.Sleep(c.wait)
				if c.spoil != nil {
					cookie.Value = c.spoil(cookie.Value)
				}
				if c.configure != nil {
					s = newService(t, c.configure)
				}

				r := request(http.MethodGet, "/")
				r.AddCookie(cookie)
				to := c.to
				if to == "" {
					to = ada
				}
				assert.Equal(t, c.known, s.KnowsDevice(r, to))
			})
		})
	}
}

// A device knows five accounts, the latest of them, and each once.
func TestRemember(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	remember := func(email string) {
		c.get(func(w http.ResponseWriter, r *http.Request) { s.RememberDevice(w, r, email) })
	}
	account := func(i int) string { return fmt.Sprintf("person%d@example.com", i) }

	for i := range 6 {
		remember(account(i))
	}
	for range 3 {
		remember(account(5))
	}
	remember("\n") // no address

	c.get(func(_ http.ResponseWriter, r *http.Request) {
		for i := range 6 {
			assert.Equal(t, i > 0, s.KnowsDevice(r, account(i)), "person %d", i)
		}
	})
	assert.Less(t, len(c.cookies[deviceCookie].Value), 1024)
}

// Who had access once is known no longer than the application says: the owner gets in. The device
// in which the password was changed stays known.
func TestDeviceSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changed time.Time
		var failure error
		s := newService(t, func(c *otphttp.Config) {
			withTrust(c)
			c.DeviceSince = func(_ *http.Request, to string) (time.Time, error) {
				assert.Equal(t, ada, to)
				return changed, failure
			}
		})
		knows := func(c *client) (known bool) {
			c.get(func(_ http.ResponseWriter, r *http.Request) { known = s.KnowsDevice(r, ada) })
			return known
		}

		former, owner := newClient(t), newClient(t)
		signIn(t, s, former)
		time.Sleep(2 * time.Minute)
		signIn(t, s, owner)
		assert.True(t, knows(former) && knows(owner))

		changed = time.Now().Add(time.Minute)
		assert.False(t, knows(former))
		assert.True(t, knows(owner), "a minute before the change")
		changed = changed.Add(time.Second)
		assert.False(t, knows(owner))

		changed = time.Time{}
		failure = errOnFire
		assert.False(t, knows(owner))
		assert.Contains(t, s.log.String(), "Config.DeviceSince failed")
	})
}

// An app without cookies keeps the value of the device cookie, and sends that alone: it is known.
func TestDeviceOfAnApp(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) { c.Devices = true })
	app := newClient(t)
	sent := app.post(s.ServeSend, "email", ada, "session", "").want(t, 202, "")
	answer := app.post(s.ServeVerify, "session", sent.Session, "code", s.inbox.Code(t, ada))
	answer.want(t, 200, "")
	require.Len(t, answer.Cookies(), 2) // and that of Done

	limited := newClient(t)
	limited.post(s.ServeSend, "email", ada, "session", "").want(t, 429, "send_limited")
	for _, cookie := range answer.Cookies() {
		if cookie.Name == deviceCookie {
			app.header.Set("Cookie", cookie.Name+"="+cookie.Value)
		}
	}
	app.cookies = nil
	app.blocked = true
	app.post(s.ServeSend, "email", ada, "session", "").want(t, 202, "")
}

// Without Config.Devices no device is remembered, and none that is counts.
func TestWithoutDevices(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	signIn(t, s, c)
	require.NotContains(t, c.cookies, deviceCookie)

	c.get(func(w http.ResponseWriter, r *http.Request) { s.RememberDevice(w, r, ada) })
	require.Contains(t, c.cookies, deviceCookie)
	c.post(s.ServeSend, "email", ada).want(t, 429, "send_limited")
}

// A Trust above Stranger needs a Binding: curl has none.
func TestTrustNeedsABinding(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		withTrust(c)
		c.AllowUnbound = true
	})
	c := newClient(t)
	c.blocked = true

	c.post(s.ServeSend, "email", ada, "challenge", "solved").want(t, 202, "")
	c.post(s.ServeSend, "email", ada, "challenge", "solved").want(t, 429, "send_limited")
}

func TestChallengeThatFails(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		c.Challenge = func(*http.Request) (bool, error) { return false, errOnFire }
	})

	newClient(t).post(s.ServeSend, "email", ada).want(t, 503, "unavailable")
	assert.Empty(t, s.inbox.Messages())
}
