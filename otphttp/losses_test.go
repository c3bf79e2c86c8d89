package otphttp_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A story is what happens to a person between asking for a code and being told that the password is
// changed.
type story struct {
	*client
	flow  *otphttp.Flow
	inbox *otptest.Inbox
	done  otphttp.Done // goes wrong before the password is stored
	fault func(otptest.StoreCall) otptest.StoreFault
	mail  error // of the Sender, which may have sent it
	keys  func(otp.Keys)

	mu     sync.Mutex
	stored []string // the passwords, in the order in which Done has stored them
	told   []string // what the answers of Verify and the last of Send said
	code   string   // to be typed; by default that of the latest mail
}

func newStory(t *testing.T, configure func(*otphttp.Config)) *story {
	s := &story{client: newClient(t)}
	store := &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(c otptest.StoreCall) (fault otptest.StoreFault) {
			if s.fault != nil {
				fault = s.fault(c)
			}
			return fault
		},
	}
	sender := otp.SenderFunc(func(context.Context, otp.Message) error { return s.mail })
	codes, inbox := otptest.New(t, otp.Config{Store: store, Sender: sender})
	s.inbox = inbox
	s.keys = func(keys otp.Keys) {
		s.flow = newService(t, func(c *otphttp.Config) {
			c.Codes, c.Accept, c.RevokeOthers, c.Keys = codes, s.accept, true, keys
			if configure != nil {
				configure(c)
			}
		}).Flow
	}
	s.keys(testKeys)
	return s
}

func (s *story) accept(r *http.Request, _ otphttp.Claim) (otphttp.Done, error) {
	password := r.PostForm.Get("password")
	return func(ctx context.Context, w http.ResponseWriter) error {
		s.mu.Lock()
		done := s.done
		s.mu.Unlock()
		if done != nil {
			if err := done(ctx, w); err != nil {
				return err
			}
		}

		s.mu.Lock()
		defer s.mu.Unlock()
		s.stored = append(s.stored, password)
		return nil
	}, nil
}

// say notes what the person is told: the status, or the code of a problem.
func (s *story) say(r reply) document {
	d := r.document(s.t)
	told := d.Code
	if told == "" {
		told = fmt.Sprint(r.StatusCode)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, told)
	return d
}

// ask asks for a code. What it is told counts only if the test looks.
func (s *story) ask(members ...string) document {
	d := s.post(s.flow.ServeSend, append([]string{"email", ada}, members...)...).document(s.t)
	if n := len(s.inbox.Messages()); n > 0 {
		s.code = s.inbox.Code(s.t, ada)
	}
	return d
}

// enter submits the code with a new password.
func (s *story) enter(members ...string) document {
	return s.say(s.post(s.flow.ServeVerify, s.form(members)...))
}

func (s *story) form(members []string) []string {
	return append([]string{"code", s.code, "password", "first"}, members...)
}

// enterTwice submits the form by two clicks, a second apart.
func (s *story) enterTwice() {
	var clicks sync.WaitGroup
	for i := range 2 {
		click := s.twin()
		clicks.Go(func() {
			time.Sleep(time.Duration(i) * time.Second)
			s.say(click.post(s.flow.ServeVerify, s.form([]string{key, "k"})...))
		})
	}
	clicks.Wait()
}

// crash runs what ends with the process of the service.
func (s *story) crash(f func()) { assert.Panics(s.t, f) }

// fail lets Done fail some times.
func (s *story) fail(times int) {
	s.done = func(context.Context, http.ResponseWriter) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if times--; times >= 0 {
			return errOnFire
		}
		return nil
	}
}

// hang lets Done wait once until its time is up.
func (s *story) hang() {
	s.done = func(ctx context.Context, _ http.ResponseWriter) error {
		s.mu.Lock()
		s.done = nil
		s.mu.Unlock()
		<-ctx.Done()
		return ctx.Err()
	}
}

// down lets the store fail, from its next swap on (which happens, or does not) or at once.
func (s *story) down(what string) {
	swapped := false
	s.fault = func(c otptest.StoreCall) otptest.StoreFault {
		switch {
		case c.Method == "CompareAndSwap" && what == "after the swap" && !swapped:
			swapped = true
			return otptest.StoreFault{After: errOnFire}
		case c.Method == "CompareAndSwap", what == "at once", swapped:
			return otptest.StoreFault{Before: errOnFire}
		}
		return otptest.StoreFault{}
	}
}

func (s *story) up() { s.fault = nil }

const (
	key     = "idempotency_key"
	flowKey = "a-key-of-128-random-bits"
	binding = "__Host-otp"
)

func once(c *otphttp.Config) { c.Once = true }

// Every way in which an answer, a cookie, a reply of the store, a process or a second click can get
// lost between Send and Done: what the person is told, and what is true.
func TestLosses(t *testing.T) {
	for _, c := range []struct {
		what      string
		configure func(*otphttp.Config)
		play      func(*story)
		told      []string // by Verify, one after the other
		stored    []string // passwords
		mails     int
	}{
		// Answers.
		{"nothing", nil, func(s *story) {
			s.ask()
			s.enter()
		}, says("200"), says("first"), 1},
		{"the answer of Send, in a browser", nil, func(s *story) {
			s.get(func(w http.ResponseWriter, r *http.Request) { s.flow.Binding(w, r) })
			s.twin().post(s.flow.ServeSend, "email", ada)
			require.Equal(s.t, "send_limited", s.ask().Code)
			s.enter("email", ada)
		}, says("200"), says("first"), 1},
		{"the answer of Send, in an app with a key", nil, func(s *story) {
			s.ask("session", "", key, flowKey)
			d := s.ask("session", "", key, flowKey)
			require.Equal(s.t, "send_limited", d.Code)
			s.enter("session", d.Session)
		}, says("200"), says("first"), 1},
		{"the answer of Send, three times", nil, func(s *story) {
			for range 3 {
				s.ask("session", "", key, flowKey)
			}
			s.enter("session", s.ask("session", "", key, flowKey).Session)
		}, says("200"), says("first"), 1},
		{"the answer of Send, in an app without a key", nil, func(s *story) {
			s.ask("session", "")
			d := s.ask("session", "")
			require.Equal(s.t, "send_limited", d.Code)
			require.False(s.t, d.Flow.Live)
			time.Sleep(time.Minute)
			require.Empty(s.t, s.ask("session", d.Session).Code)
			s.enter("session", d.Session)
		}, says("200"), says("first"), 2},
		{"the answer of Verify", nil, func(s *story) {
			s.ask()
			s.enter(key, "k")
			s.enter(key, "k")
		}, says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, once", once, func(s *story) {
			s.ask()
			s.enter(key, "k")
			s.enter(key, "k")
		}, says("200", "repeated"), says("first"), 1},
		{"the answer of Verify, without a key", nil, func(s *story) {
			s.ask()
			s.enter()
			s.enter()
		}, says("200", "code_used"), says("first"), 1},
		{"the answer of Verify, then another password", nil, func(s *story) {
			s.ask()
			s.enter(key, "k")
			s.enter(key, "k", "password", "second")
		}, says("200", "code_used"), says("first"), 1},
		{"the answer of Verify, then another challenge", nil, func(s *story) {
			s.ask()
			s.enter(key, "k", "cf-turnstile-response", "one")
			s.enter(key, "k", "cf-turnstile-response", "two")
		}, says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, then another spelling", nil, func(s *story) {
			s.ask()
			s.enter(key, "k", "email", ada)
			s.code = s.code[:3] + " " + s.code[3:]
			s.enter(key, "k", "email", "ADA@EXAMPLE.COM")
		}, says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, in an app", nil, func(s *story) {
			session := s.ask("session", "").Session
			s.enter("session", session, key, "k")
			s.enter("session", session, key, "k")
		}, says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, for 61 minutes", nil, func(s *story) {
			s.ask()
			lost := s.twin()
			s.enter(key, "k")
			s.client = lost
			time.Sleep(61 * time.Minute)
			s.enter(key, "k")
		}, says("200", "code_expired"), says("first"), 1},

		// Cookies.
		{"what ends with the browser, between Send and Verify", nil, func(s *story) {
			s.ask()
			s.restart()
			s.enter()
		}, says("200"), says("first"), 1},
		{"the Binding, between Send and Verify", nil, func(s *story) {
			s.ask()
			delete(s.cookies, binding)
			s.enter()
		}, says("200"), says("first"), 1},
		{"what ends with the browser, between two Sends", nil, func(s *story) {
			s.ask()
			first := s.code
			time.Sleep(61 * time.Second)
			s.restart()
			s.ask()
			require.Equal(s.t, first, s.code)
			s.enter()
		}, says("200"), says("first"), 2},
		{"the Binding, between two Sends", nil, func(s *story) {
			s.ask()
			first := s.code
			time.Sleep(61 * time.Second)
			delete(s.cookies, binding)
			s.ask()
			require.Equal(s.t, first, s.code)
			s.enter()
		}, says("200"), says("first"), 2},
		{"the Binding, and a page makes another one", nil, func(s *story) {
			s.ask()
			first := s.code
			time.Sleep(61 * time.Second)
			delete(s.cookies, binding)
			s.get(func(w http.ResponseWriter, r *http.Request) { s.flow.Binding(w, r) })
			s.ask()
			require.Equal(s.t, first, s.code)
			s.enter()
		}, says("200"), says("first"), 2},
		{"the session, and the same code comes again", nil, func(s *story) {
			s.ask()
			first := s.code
			delete(s.cookies, sessionCookie)
			s.enter()
			time.Sleep(61 * time.Second)
			s.ask()
			require.Equal(s.t, first, s.code)
			s.enter()
		}, says("session_missing", "200"), says("first"), 2},
		{"all cookies", nil, func(s *story) {
			s.ask()
			s.client = newClient(s.t)
			s.enter()
			time.Sleep(61 * time.Second)
			s.ask()
			s.enter()
		}, says("session_missing", "200"), says("first"), 2},
		{"the session, by its age", nil, func(s *story) {
			s.ask()
			time.Sleep(70 * time.Minute)
			s.enter()
		}, says("session_missing"), nil, 1},
		{"the Trust, by a challenge that came late", withTrust, func(s *story) {
			s.ask()
			first := s.code
			time.Sleep(5 * time.Second)
			s.ask("challenge", "solved")
			s.code = first
			s.enter()
		}, says("200"), says("first"), 2},
		{"an instance with the older key first", nil, func(s *story) {
			s.keys(otp.Keys{testKeys[0], newKey})
			s.ask("session", "", key, flowKey)
			s.keys(otp.Keys{newKey, testKeys[0]})
			d := s.ask("session", "", key, flowKey)
			require.Equal(s.t, "send_limited", d.Code)
			s.enter("session", d.Session, key, "k")
			s.keys(otp.Keys{testKeys[0], newKey})
			s.enter("session", d.Session, key, "k")
		}, says("200", "200"), says("first", "first"), 1},

		// Replies of the store, and the mail.
		{"the store, at Send", nil, func(s *story) {
			s.down("at once")
			require.Equal(s.t, "unavailable", s.ask().Code)
			s.up()
			s.ask()
			s.enter()
		}, says("200"), says("first"), 1},
		{"a reply of the store, at Send", nil, func(s *story) {
			s.down("after the swap")
			s.get(func(w http.ResponseWriter, r *http.Request) { s.flow.Binding(w, r) })
			require.Equal(s.t, "unavailable", s.ask().Code)
			s.up()
			require.Equal(s.t, "send_limited", s.ask().Code, "it has counted")
			time.Sleep(time.Minute)
			s.ask()
			s.enter()
		}, says("200"), says("first"), 1},
		{"the mail, and nobody is told", nil, func(s *story) {
			s.mail = otp.NotSent(errOnFire)
			require.Empty(s.t, s.ask().Code)
			s.mail = nil
			time.Sleep(time.Minute)
			s.ask()
			s.enter()
		}, says("200"), says("first"), 2},
		{"the mail, where everybody is welcome", anyone, func(s *story) {
			s.mail = otp.NotSent(errOnFire)
			require.Equal(s.t, "not_sent", s.ask().Code)
			s.mail = nil
			time.Sleep(time.Minute)
			s.ask()
			s.enter()
		}, says("200"), says("first"), 2},
		{"what became of the mail", anyone, func(s *story) {
			s.mail = errOnFire
			require.Equal(s.t, "delivery_failed", s.ask().Code)
			s.enter() // it has arrived
		}, says("200"), says("first"), 1},
		{"the store, before the code is judged", nil, func(s *story) {
			s.ask()
			s.down("at once")
			s.enter()
			s.up()
			s.enter()
		}, says("unavailable", "200"), says("first"), 1},
		{"the store, before the code is spent", nil, func(s *story) {
			s.ask()
			s.down("at the swap")
			s.enter(key, "k")
			s.up()
			s.enter(key, "k")
		}, says("unavailable", "200"), says("first"), 1},
		{"the reply of the store that the code is spent", nil, func(s *story) {
			s.ask()
			s.down("after the swap")
			s.enter(key, "k")
			s.up()
			s.enter(key, "k")
		}, says("unavailable", "200"), says("first"), 1},
		{"that reply, once", once, func(s *story) {
			s.ask()
			s.down("after the swap")
			s.enter(key, "k")
			s.up()
			s.enter(key, "k")
		}, says("unavailable", "repeated"), nil, 1},
		{"that reply, without a key", nil, func(s *story) {
			s.ask()
			s.down("after the swap")
			s.enter()
			s.up()
			s.enter()
		}, says("unavailable", "code_used"), nil, 1},

		// Done.
		{"what Done does", nil, func(s *story) {
			s.ask()
			s.fail(2)
			for range 3 {
				s.enter(key, "k")
			}
		}, says("unfinished", "unfinished", "200"), says("first"), 1},
		{"what Done does, once", once, func(s *story) {
			s.ask()
			s.fail(1)
			s.enter(key, "k")
			s.enter(key, "k")
		}, says("unfinished", "code_used"), nil, 1},
		{"what Done does, without a key", nil, func(s *story) {
			s.ask()
			s.fail(1)
			s.enter()
			s.enter()
		}, says("unfinished", "code_used"), nil, 1},
		{"what Done does, by its time", nil, func(s *story) {
			s.ask()
			s.hang()
			s.enter(key, "k")
			s.enter(key, "k")
		}, says("unfinished", "200"), says("first"), 1},
		{"what Done does, by its time, once", once, func(s *story) {
			s.ask()
			s.hang()
			s.enter(key, "k")
			s.enter(key, "k")
		}, says("unfinished", "code_used"), nil, 1},
		{"what Done does, after it has said so", nil, func(s *story) {
			s.ask()
			s.done = func(_ context.Context, w http.ResponseWriter) error {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "signed-in"})
				w.WriteHeader(http.StatusOK)
				w.Write([]byte(`{"done":true}`))
				return errOnFire
			}
			s.enter(key, "k")
			require.NotContains(s.t, s.cookies, "session")
		}, says("unfinished"), nil, 1},
		{"the codes of others, which cannot be revoked", nil, func(s *story) {
			s.ask()
			s.done = func(context.Context, http.ResponseWriter) error {
				s.down("at once")
				return nil
			}
			s.enter()
		}, says("200"), says("first"), 1},
		{"the process, in Done", nil, func(s *story) {
			s.ask()
			s.done = func(context.Context, http.ResponseWriter) error { panic("out of memory") }
			s.crash(func() { s.enter(key, "k") })
			s.done = nil
			s.enter(key, "k")
		}, says("200"), says("first"), 1},
		{"the process, in Done, once", once, func(s *story) {
			s.ask()
			s.done = func(context.Context, http.ResponseWriter) error { panic("out of memory") }
			s.crash(func() { s.enter(key, "k") })
			s.done = nil
			s.enter(key, "k")
		}, says("code_used"), nil, 1},
		{"the client, in Done", nil, func(s *story) {
			s.ask()
			ctx, hangUp := context.WithCancel(s.t.Context())
			s.done = func(ctx context.Context, _ http.ResponseWriter) error {
				hangUp()
				return ctx.Err()
			}
			r := request(http.MethodPost, "/").WithContext(ctx)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = body("password=first&code=" + s.code)
			s.say(s.do(s.flow.ServeVerify, r))
		}, says("200"), says("first"), 1},

		// Clicks.
		{"the first of two clicks", nil, func(s *story) {
			s.ask()
			s.enterTwice()
		}, says("200", "200"), says("first", "first"), 1},
		{"the first of two clicks, once", once, func(s *story) {
			s.ask()
			s.enterTwice()
		}, says("200", "repeated"), says("first"), 1},
		{"the first of two clicks, which fails", nil, func(s *story) {
			s.ask()
			s.fail(1)
			s.enterTwice()
		}, says("unfinished", "200"), says("first"), 1},
		{"the second of two clicks, while the first hangs", nil, func(s *story) {
			s.ask()
			s.hang()
			s.enterTwice()
		}, says("200", "unfinished"), says("first"), 1},
		{"the second of two clicks, while the first hangs, once", once, func(s *story) {
			s.ask()
			s.hang()
			s.enterTwice()
			s.enter(key, "k")
		}, says("repeated", "unfinished", "code_used"), nil, 1},
		{"the first form, sent again late", nil, func(s *story) {
			s.ask()
			first := s.code
			s.enter(key, "k1")
			time.Sleep(2 * time.Minute)
			s.ask()
			s.enter(key, "k2", "password", "second")
			s.code = first
			s.enter(key, "k1")
		}, says("200", "200", "code_used"), says("first", "second"), 2},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStory(t, c.configure)
				c.play(s)
				assert.Equal(t, c.told, s.told)
				assert.Equal(t, c.stored, s.stored)
				assert.Len(t, s.inbox.Messages(), c.mails)
			})
		})
	}
}

func says(texts ...string) []string { return texts }

var newKey = bytes.Repeat([]byte("n"), 32)

func anyone(c *otphttp.Config) { c.Anyone = true }
