package otphttp_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const sessionCookie = "__Host-otp-flow"

// A session is good only for its flow, under one of the keys, and until an hour after the code.
func TestSessionsAreSealed(t *testing.T) {
	const missing = "session_missing"
	other := otp.Keys{bytes.Repeat([]byte("o"), 32)}
	both := otp.Keys{other[0], testKeys[0]}

	for name, c := range map[string]struct {
		flow func(*otphttp.Config)
		wait time.Duration
		code string
	}{
		"as it is":           {},
		"another key":        {flow: func(c *otphttp.Config) { c.Keys = other }, code: missing},
		"older key":          {flow: func(c *otphttp.Config) { c.Keys = both }},
		"for another flow":   {flow: func(c *otphttp.Config) { c.Name = "other" }, code: missing},
		"after the code":     {wait: 69 * time.Minute},
		"an hour after that": {wait: 70 * time.Minute, code: missing},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, client := newService(t, nil), newClient(t)
				client.post(s.ServeSend, "email", ada).want(t, 202, "")
				time.Sleep(c.wait)
				if c.flow != nil {
					s = newService(t, c.flow)
					client.cookies["__Host-otp-other"] = &http.Cookie{
						Name: "__Host-otp-other", Value: client.cookies[sessionCookie].Value,
					}
				}
				require.Equal(t, c.code, client.get(s.ServeStatus).document(t).Code)
			})
		})
	}
}

// No byte of a session or of a device cookie can be changed, and none is taken for the other.
func TestForgedCookies(t *testing.T) {
	s, c := newService(t, func(c *otphttp.Config) { c.Devices = true }), newClient(t)
	signIn(t, s, c)
	session, device := c.cookies[sessionCookie].Value, c.cookies[deviceCookie].Value

	taken := func(session, device string) (n int) {
		c := newClient(t)
		c.cookies["s"] = &http.Cookie{Name: sessionCookie, Value: session}
		c.cookies["d"] = &http.Cookie{Name: deviceCookie, Value: device}
		c.get(func(w http.ResponseWriter, r *http.Request) {
			if _, err := s.Status(w, r); err == nil {
				n++
			}
			if s.KnowsDevice(r, ada) {
				n++
			}
		})
		return n
	}
	require.Equal(t, 2, taken(session, device))
	require.Zero(t, taken(device, session))

	for _, text := range []string{session, device} {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		for i := range raw {
			raw[i] ^= 1 << (i % 8)
			forged := base64.RawURLEncoding.EncodeToString(raw)
			raw[i] ^= 1 << (i % 8)
			require.Zero(t, taken(forged, forged), "byte %d", i)
		}
		for _, forged := range []string{
			"", text[:len(text)-1], text + "A", text + "=", " " + text, text + "." + text[1:],
			base64.StdEncoding.EncodeToString(raw) + "=",
		} {
			require.Zero(t, taken(forged, ""), forged)
		}
	}
}

// A session has one length for whoever there is, as long as what was typed has one.
func TestSessionsHaveOneLength(t *testing.T) {
	for _, long := range []int{1, 200, 300} {
		typed := strings.Repeat("a", long) + "@example.com"
		lengths := map[int]bool{}
		for _, rec := range []otphttp.Recipient{
			{},
			{Known: true},
			{To: "a", Known: true},
			{To: strings.Repeat("b", 320), Known: true},
			{Binding: strings.Repeat("c", 128), Known: true},
			{To: strings.Repeat("b", 320), Binding: strings.Repeat("c", 128), Known: true},
		} {
			s := newService(t, func(c *otphttp.Config) { c.Find = finds(rec) })
			d := newClient(t).post(s.ServeSend, "email", typed, "session", "").want(t, 202, "")
			lengths[len(d.Session)] = true
			clear := base64.RawURLEncoding.EncodeToString([]byte(typed[:9]))
			require.NotContains(t, d.Session, clear)
		}
		require.Len(t, lengths, 1)
	}
}

// Keys are changed on two instances, one after the other, as Config.Keys says: whoever has a
// session or a device notices nothing.
func TestChangeOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := testKeys[0]
		codes, inbox := otptest.New(t, otp.Config{})
		instance := func(keys ...[]byte) *service {
			s := newService(t, func(c *otphttp.Config) {
				c.Codes, c.Keys, c.Devices = codes, keys, true
			})
			s.inbox = inbox
			return s
		}

		c := newClient(t)
		signIn(t, instance(old), c)
		for _, roll := range [][2]*service{
			{instance(old), instance(old, newKey)},
			{instance(old, newKey), instance(old, newKey)},
			{instance(old, newKey), instance(newKey, old)},
			{instance(newKey, old), instance(newKey, old)},
		} {
			for _, at := range [][2]*service{roll, {roll[1], roll[0]}} {
				time.Sleep(15 * time.Minute)
				c.get(func(_ http.ResponseWriter, r *http.Request) {
					assert.True(t, at[1].KnowsDevice(r, ada))
				})
				c.post(at[0].ServeSend, "email", ada).want(t, 202, "")
				c.get(at[1].ServeStatus).want(t, 200, "")
				verify(t, at[1], c)
			}
		}
	})
}

// A Binding that a client made by its key stays while keys are changed, whatever Trust its code
// has.
func TestKeyWhileKeysAreChanged(t *testing.T) {
	for challenge, trust := range map[string]otp.Trust{
		"": otp.Stranger, "solved": otp.Challenged, "known": otp.Known,
	} {
		t.Run(trust.String(), func(t *testing.T) {
			codes, inbox := otptest.New(t, otp.Config{})
			instance := func(keys ...[]byte) *service {
				return newService(t, func(c *otphttp.Config) {
					withTrust(c)
					c.Codes, c.Keys = codes, keys
					c.Find = func(r *http.Request, typed string) (otphttp.Recipient, error) {
						rec := otphttp.Recipient{To: ada, Known: true}
						if r.PostForm.Get("challenge") == "known" {
							rec.Trust = otp.Known
						}
						return rec, nil
					}
				})
			}
			c := newClient(t)
			c.header.Set("Idempotency-Key", strings.Repeat("k", 22))
			members := []string{"email", ada, "session", "", "challenge", challenge}
			c.post(instance(testKeys[0]).ServeSend, members...).want(t, 202, "")

			rolled := instance(newKey, testKeys[0])
			again := c.post(rolled.ServeSend, members...).document(t)
			require.Equal(t, http.StatusTooManyRequests, again.Status)
			c.post(rolled.ServeVerify, "session", again.Session, "code", inbox.Code(t, ada)).
				want(t, 200, "")
		})
	}
}

// At sign-out the code is void and the cookies are gone, but for that of the device.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newService(t, func(c *otphttp.Config) { c.Devices = true }), newClient(t)
		signIn(t, s, c)
		time.Sleep(2 * time.Minute)
		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		before := c.twin()

		c.get(s.End)
		require.Len(t, c.cookies, 2)
		require.Contains(t, c.cookies, deviceCookie)
		require.Contains(t, c.cookies, "session")
		require.NotEqual(t, http.StatusOK,
			before.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).StatusCode)
		newClient(t).get(s.End) // nothing to end
	})
}
