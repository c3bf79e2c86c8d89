package otphttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// A sign-in looks the account up once, whatever happens on the way.
func TestOneLookUp(t *testing.T) {
	lookUps := 0
	s := newService(t, func(c *otphttp.Config) {
		c.Find = func(r *http.Request, typed string) (otphttp.Recipient, error) {
			lookUps++
			return find(r, typed)
		}
	})
	c := newClient(t)

	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	code := s.inbox.Code(t, ada)
	c.get(s.ServeStatus).want(t, 200, "")
	c.post(s.ServeVerify, "email", ada, "code", wrong(code)).want(t, 403, "code_mismatch")
	c.post(s.ServeVerify, "email", ada, "code", code).want(t, 200, "")
	require.Equal(t, 1, lookUps)
}

// findSlowly knows Ada, and takes its time.
func findSlowly(hit, miss time.Duration) func(*http.Request, string) (otphttp.Recipient, error) {
	return func(_ *http.Request, typed string) (otphttp.Recipient, error) {
		if typed == ada {
			time.Sleep(hit)
			return otphttp.Recipient{Known: true}, nil
		}
		time.Sleep(miss)
		return otphttp.Recipient{}, nil
	}
}

// A slowBody trickles in.
type slowBody struct {
	io.ReadCloser
	wait time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	time.Sleep(b.wait)
	b.wait = 0
	return b.ReadCloser.Read(p)
}

// Known and unknown addresses take the same time, to the nanosecond, as long as looking them up and
// sending take less than MinSendTime: whatever else a client draws out.
func TestTimesOfLookUps(t *testing.T) {
	const (
		ms    = time.Millisecond
		least = 500 * ms
	)

	for name, c := range map[string]struct {
		hit, miss, sender, body, challenge time.Duration
	}{
		"none":                            {},
		"a slower hit":                    {hit: 50 * ms},
		"a slower miss":                   {hit: 10 * ms, miss: 65 * ms},
		"a step apart":                    {hit: 18 * ms, miss: 28 * ms},
		"a mail of almost half that time": {hit: 65 * ms, sender: least * 49 / 100},
		"a miss of half that time":        {miss: least / 2},
		"a hit of almost that time":       {hit: least * 9 / 10},
		"a body slower than MinSendTime":  {sender: 200 * ms, body: 2 * least},
		"a challenge slower than that":    {sender: 200 * ms, challenge: 2 * least},
		"a slow Sender, look-up and body": {least / 4, 0, 200 * ms, least, least},
	} {
		t.Run(name, func(t *testing.T) {
			of := func(email string) (took []time.Duration) {
				synctest.Test(t, func(t *testing.T) {
					s := newServiceWith(t, otp.Config{
						Sender: slowSender(c.sender), Policy: otp.Policy{MinSendTime: least},
					}, func(config *otphttp.Config) {
						config.Find = findSlowly(c.hit, c.miss)
						config.Challenge = func(r *http.Request) (bool, error) {
							time.Sleep(c.challenge)
							return r.PostForm.Get("challenge") == "solved", nil
						}
					})

					client := newClient(t)
					timed := func(handler http.HandlerFunc, body string) {
						r := formOf("")
						r.Body = &slowBody{formOf(body).Body, c.body}
						start := time.Now()
						client.do(handler, r)
						took = append(took, time.Since(start)-c.body)
					}
					for _, answer := range []string{"", "&challenge=solved"} { // refused first
						timed(s.ServeSend, "email="+email+answer)
						timed(s.ServeVerify, "code=000000")
						timed(s.ServeStatus, "")
					}
				})
				return took
			}

			known, unknown := of(ada), of(eve)
			assert.Equal(t, known, unknown)
			assert.Equal(t, least+c.challenge, known[0])
		})
	}
}

// The times in an answer do not tell how long the look-up took, wherever in a second it began.
func TestTimesInAnswers(t *testing.T) {
	const ms = time.Millisecond
	of := func(email string, after time.Duration) (text string) {
		synctest.Test(t, func(t *testing.T) {
			s := newServiceWith(t, otp.Config{Policy: otp.Policy{MinSendTime: 500 * ms}},
				func(c *otphttp.Config) { c.Find = findSlowly(65*ms, 10*ms) })
			time.Sleep(after)
			text = newClient(t).post(s.ServeSend, "email", email).text
		})
		return text
	}

	for after := time.Duration(0); after < time.Second; after += 10 * ms {
		require.Equal(t, of(eve, after), of(ada, after), after)
	}
}

// Most of a long MinSendTime is left for the mail.
func TestTimeOfASlowMail(t *testing.T) {
	const least = 2500 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		s := newServiceWith(t, otp.Config{
			Policy: otp.Policy{MinSendTime: least}, Sender: slowSender(least * 9 / 10),
		}, nil)

		start := time.Now()
		newClient(t).post(s.ServeSend, "email", ada).want(t, 202, "")
		require.Equal(t, least, time.Since(start))
	})
}

// With package background the time of Send is MinSendTime, and what the look-up takes is in it.
func TestTimeBehindBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mails, err := background.New(slowSender(time.Second), nil)
		require.NoError(t, err)
		defer mails.Shutdown(context.Background())
		s := newServiceWith(t, otp.Config{
			Sender: mails, Policy: otp.Policy{MinSendTime: 10 * time.Millisecond},
		}, func(c *otphttp.Config) { c.Find = findSlowly(3*time.Millisecond, 0) })

		start := time.Now()
		newClient(t).post(s.ServeSend, "email", ada).want(t, 202, "")
		assert.Equal(t, 10*time.Millisecond, time.Since(start))
	})
}

// A client without a session is looked up at Verify, in a time that does not tell either.
func TestTimesWithoutASession(t *testing.T) {
	for hit, want := range map[time.Duration]time.Duration{
		0:                       250 * time.Millisecond,
		65 * time.Millisecond:   250 * time.Millisecond,
		251 * time.Millisecond:  500 * time.Millisecond,
		1001 * time.Millisecond: 2 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(t, func(c *otphttp.Config) {
				c.AllowUnbound, c.Find = true, findSlowly(0, hit)
			})
			start := time.Now()
			newClient(t).post(s.ServeVerify, "email", eve, "code", "000000").
				want(t, 403, "code_rejected")
			assert.Equal(t, want, time.Since(start))
		})
	}
}

// What Find says is told to the person, or to the log: its own Problem, an address that is none, a
// failure, a value that is out of bounds.
func TestWhatFindSays(t *testing.T) {
	own := &otphttp.Problem{Status: 400, Code: "country", Detail: "With the country code, please."}

	for name, c := range map[string]struct {
		rec    otphttp.Recipient
		err    error
		field  string
		status int
		code   string
		detail string
	}{
		"and that is wrapped": {err: errors.Join(otp.ErrInvalid, own), status: 400, code: "country",
			detail: own.Detail},
		"no address": {err: otp.ErrInvalid, status: 400, code: "address_invalid",
			detail: "This is not an address. Enter one such as ada@example.com."},
		"no number": {err: otp.ErrInvalid, field: "phone", status: 400, code: "address_invalid",
			detail: "This cannot be used. Check it for typing errors."},
		"a failure": {err: errOnFire, status: 503, code: "unavailable"},
		"a long address": {rec: otphttp.Recipient{To: strings.Repeat("a", 321)},
			status: 503, code: "unavailable"},
		"a long Binding": {rec: otphttp.Recipient{Binding: strings.Repeat("b", 129)},
			status: 503, code: "unavailable"},
		"a broken address": {rec: otphttp.Recipient{To: "a\n"},
			status: 503, code: "unavailable"},
		"an unknown Trust": {rec: otphttp.Recipient{Trust: 9}, status: 503, code: "unavailable"},
		"a negative Trust": {rec: otphttp.Recipient{Trust: -1}, status: 503, code: "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, func(config *otphttp.Config) {
				config.AddressField = c.field
				config.Find = func(*http.Request, string) (otphttp.Recipient, error) {
					return c.rec, c.err
				}
			})

			d := newClient(t).post(s.ServeSend, "email", ada, "phone", "0151").
				want(t, c.status, c.code)
			if c.detail != "" {
				assert.Equal(t, c.detail, d.Detail)
			}
			assert.Equal(t, c.status == 503 && c.err == nil,
				strings.Contains(s.log.String(), "Config.Find returned"), s.log.String())
			assert.NotContains(t, s.log.String(), `a\n`)
			assert.Empty(t, s.inbox.Messages())
		})
	}
}

// Find has to say who it is where nothing was typed.
func TestNobodyFound(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		c.Find = finds(otphttp.Recipient{Known: true})
	})
	newClient(t).post(s.ServeSend).want(t, 503, "unavailable")
	assert.Contains(t, s.log.String(), "Config.Find returned no To")
}

// What the Service takes for no address, although Find does not, is the person's mistake.
func TestTypedIsNoAddress(t *testing.T) {
	noAddress := func(string) (string, error) { return "", otp.ErrInvalid }
	s := newServiceWith(t, otp.Config{Normalize: noAddress}, func(c *otphttp.Config) {
		c.Find = finds(otphttp.Recipient{Known: true})
	})
	newClient(t).post(s.ServeSend, "email", ada).want(t, 400, "address_invalid")
}

// Find gets what the person meant, where that is certain. In a field for mail, what can be no
// address is told; in another, it may be a name.
func TestWhatFindGets(t *testing.T) {
	for _, c := range []struct{ field, typed, want string }{
		{"email", "Ada <ada@example.com>", "ada@example.com"},
		{"email", "mailto:ada@example.com", "ada@example.com"},
		{"email", "ada\uff20example.com\u200b,", "ada@example.com"},
		{"email", "ada at example.com", ""},
		{"email", "ada", ""},
		{"login", " ada ", "ada"},
		{"login", "Ada <x>", "Ada <x>"},
	} {
		got := ""
		s := newService(t, func(config *otphttp.Config) {
			config.AddressField = c.field
			config.Find = func(_ *http.Request, typed string) (otphttp.Recipient, error) {
				got = typed
				return otphttp.Recipient{To: ada}, nil
			}
		})

		answer := newClient(t).post(s.ServeSend, c.field, c.typed)
		assert.Equal(t, c.want, got, c.typed)
		if c.want == "" {
			answer.want(t, 400, "address_invalid")
			continue
		}
		answer.want(t, 202, "")
	}
}

// The Recipient decides the language of the message, and what the Sender gets to know.
func TestRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := otphttp.Recipient{To: ada, Known: true, Language: "de", Data: "Ada"}
		s := newService(t, func(c *otphttp.Config) {
			c.Find = func(*http.Request, string) (otphttp.Recipient, error) { return rec, nil }
		})
		c := newClient(t)
		c.header.Set("Accept-Language", "fr")

		c.post(s.ServeSend, "email", "x@example.com").want(t, 202, "")
		rec.Language = ""
		time.Sleep(time.Minute)
		c.get(func(w http.ResponseWriter, r *http.Request) {
			r.Method, r.PostForm = http.MethodPost, map[string][]string{"email": {"x@example.com"}}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			state, err := s.Send(w, r)
			assert.NoError(t, err)
			assert.Nil(t, state.Data, "it would tell that there is an account")
			assert.Equal(t, "x@example.com", state.Address)
		})

		messages := s.inbox.Messages()
		require.Len(t, messages, 2)
		assert.Equal(t, "de", messages[0].Language)
		assert.Equal(t, "fr", messages[1].Language)
		assert.Equal(t, "Ada", messages[0].Data)
	})
}

// What the application vouches for has limits of its own, where there is a Binding.
func TestTrustOfTheApplication(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		c.AllowUnbound = true
		c.Find = finds(otphttp.Recipient{To: ada, Known: true, Trust: otp.Known})
	})
	curl, browser := newClient(t), newClient(t)
	browser.header.Set("Sec-Fetch-Site", "same-origin")

	curl.post(s.ServeSend, "email", ada).want(t, 202, "")
	browser.post(s.ServeSend, "email", ada).want(t, 202, "")
	browser.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
}

// A challenge that the application has seen solved counts as one.
func TestChallengeOfTheApplication(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) {
		c.Find = func(r *http.Request, typed string) (otphttp.Recipient, error) {
			rec := otphttp.Recipient{To: ada, Known: true}
			if r.PostForm.Has("solved") {
				rec.Trust = otp.Challenged
			}
			return rec, nil
		}
	})
	newClient(t).post(s.ServeSend, "email", ada).want(t, 202, "")
	newClient(t).post(s.ServeSend, "email", ada, "solved", "yes").want(t, 202, "")
	require.Len(t, s.inbox.Messages(), 2)
}

// What a handler does with its request after Send is nothing to Unknown.
func TestUnknownHasItsOwnRequest(t *testing.T) {
	told, begin := make(chan string), make(chan struct{})
	s := newService(t, func(c *otphttp.Config) {
		c.Unknown = func(r *http.Request, _ string) {
			<-begin
			body, _ := io.ReadAll(r.Body)
			told <- r.PostFormValue("email") + r.Header.Get("X-Team") + string(body)
		}
	})

	newClient(t).submit(func(w http.ResponseWriter, r *http.Request) {
		_, err := s.Send(w, r)
		assert.NoError(t, err)
		assert.Equal(t, eve, r.FormValue("email"))
		r.PostForm.Set("email", bob)
		r.Header.Set("X-Team", "changed")
		r.Body = body("changed")
		close(begin)
	}, "email", eve)
	require.Equal(t, eve, <-told)
}

// Unknown is called for addresses without an account once Send has succeeded, beside the answer.
func TestUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		config := otp.Config{Policy: otp.Policy{MinSendTime: time.Second}}
		s := newServiceWith(t, config, func(c *otphttp.Config) {
			c.Unknown = func(r *http.Request, typed string) {
				time.Sleep(10 * time.Second)
				told = append(told, typed)
				assert.NoError(t, r.Context().Err(), "the client has left")
				panic("no matter")
			}
		})

		start := time.Now()
		for _, email := range []string{eve, eve, ada} { // the second is limited
			ctx, hangUp := context.WithCancel(t.Context())
			newClient(t).do(s.ServeSend, formOf("email="+email).WithContext(ctx))
			hangUp()
		}
		assert.Equal(t, 3*time.Second, time.Since(start))

		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{eve}, told)
		assert.Contains(t, s.log.String(), "Config.Unknown panicked")
	})
}
