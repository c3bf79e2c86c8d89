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
	first  string   // a code that was kept
	last   document // of the last Send
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
	s.last = s.post(s.flow.ServeSend, append([]string{"email", ada}, members...)...).document(s.t)
	if n := len(s.inbox.Messages()); n > 0 {
		s.code = s.inbox.Code(s.t, ada)
	}
	return s.last
}

// enter submits the code with a new password.
func (s *story) enter(members ...string) document {
	form := append([]string{"code", s.code, "password", "first"}, members...)
	return s.say(s.post(s.flow.ServeVerify, form...))
}

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

// A step is a part of a story.
type step = func(*story)

func does(steps ...step) []step { return steps }

func ask(members ...string) step   { return func(s *story) { s.ask(members...) } }
func enter(members ...string) step { return func(s *story) { s.enter(members...) } }
func wait(d time.Duration) step    { return func(*story) { time.Sleep(d) } }
func fail(times int) step          { return func(s *story) { s.fail(times) } }
func down(what string) step        { return func(s *story) { s.down(what) } }
func mail(err error) step          { return func(s *story) { s.mail = err } }
func lose(cookie string) step      { return func(s *story) { delete(s.cookies, cookie) } }
func roll(keys otp.Keys) step      { return func(s *story) { s.keys(keys) } }

// askTold asks for a code, which has the code of a problem for an answer, or "".
func askTold(code string, members ...string) step {
	return func(s *story) { require.Equal(s.t, code, s.ask(members...).Code) }
}

// enterSession submits the code with the session of the last answer of Send.
func enterSession(members ...string) step {
	return func(s *story) { s.enter(append(members, "session", s.last.Session)...) }
}

// visit opens a page, which makes a Binding.
func visit(s *story) {
	s.get(func(w http.ResponseWriter, r *http.Request) { s.flow.Binding(w, r) })
}

// askInVain asks for a code, and loses the answer with its cookies.
func askInVain(s *story) { s.twin().post(s.flow.ServeSend, "email", ada) }

// enterInVain submits the form, and loses the answer with its cookies.
func enterInVain(s *story) {
	before := s.twin()
	s.enter(key, "k")
	s.client = before
}

// enterTwice submits the form by two clicks, a second apart.
func enterTwice(s *story) {
	var clicks sync.WaitGroup
	for i := range 2 {
		click := s.twin()
		clicks.Go(func() {
			time.Sleep(time.Duration(i) * time.Second)
			s.say(click.post(s.flow.ServeVerify,
				"code", s.code, "password", "first", key, "k"))
		})
	}
	clicks.Wait()
}

// crash ends the process in Done.
func crash(s *story) {
	s.done = func(context.Context, http.ResponseWriter) error { panic("out of memory") }
	assert.Panics(s.t, func() { s.enter(key, "k") })
	s.done = nil
}

func up(s *story)        { s.up() }
func hang(s *story)      { s.hang() }
func restart(s *story)   { s.restart() }
func loseAll(s *story)   { s.client = newClient(s.t) }
func keepCode(s *story)  { s.first = s.code }
func sameCode(s *story)  { require.Equal(s.t, s.first, s.code) }
func typeFirst(s *story) { s.code = s.first }
func notLive(s *story)   { require.False(s.t, s.last.Flow.Live) }

// Every way in which an answer, a cookie, a reply of the store, a process or a second click can get
// lost between Send and Done: what the person is told, and what is true.
func TestLosses(t *testing.T) {
	keyed := []string{"session", "", key, flowKey} // of an app
	enterKey := enter(key, "k")
	oldFirst, newFirst := otp.Keys{testKeys[0], newKey}, otp.Keys{newKey, testKeys[0]}

	for _, c := range []struct {
		what      string
		configure func(*otphttp.Config)
		play      []step
		told      []string // by Verify, one after the other
		stored    []string // passwords
		mails     int
	}{
		// Answers.
		{"nothing", nil, does(ask(), enter()), says("200"), says("first"), 1},
		{"the answer of Send, in a browser", nil,
			does(visit, askInVain, askTold("send_limited"), enter("email", ada)),
			says("200"), says("first"), 1},
		{"the answer of Send, in an app with a key", nil,
			does(ask(keyed...), askTold("send_limited", keyed...), enterSession()),
			says("200"), says("first"), 1},
		{"the answer of Send, three times", nil,
			does(ask(keyed...), ask(keyed...), ask(keyed...), ask(keyed...), enterSession()),
			says("200"), says("first"), 1},
		{"the answer of Send, in an app without a key", nil,
			does(ask("session", ""), askTold("send_limited", "session", ""), notLive,
				wait(time.Minute), func(s *story) { s.ask("session", s.last.Session) },
				enterSession()),
			says("200"), says("first"), 2},
		{"the answer of Verify", nil, does(ask(), enterKey, enterKey),
			says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, once", once, does(ask(), enterKey, enterKey),
			says("200", "repeated"), says("first"), 1},
		{"the answer of Verify, without a key", nil, does(ask(), enter(), enter()),
			says("200", "code_used"), says("first"), 1},
		{"the answer of Verify, then another password", nil,
			does(ask(), enterKey, enter(key, "k", "password", "second")),
			says("200", "code_used"), says("first"), 1},
		{"the answer of Verify, then another challenge", nil,
			does(ask(), enter(key, "k", "cf-turnstile-response", "one"),
				enter(key, "k", "cf-turnstile-response", "two")),
			says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, then another spelling", nil,
			does(ask(), enter(key, "k", "email", ada),
				func(s *story) { s.code = s.code[:3] + " " + s.code[3:] },
				enter(key, "k", "email", "ADA@EXAMPLE.COM")),
			says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, in an app", nil,
			does(ask("session", ""), enterSession(key, "k"), enterSession(key, "k")),
			says("200", "200"), says("first", "first"), 1},
		{"the answer of Verify, for 61 minutes", nil,
			does(ask(), enterInVain, wait(61*time.Minute), enterKey),
			says("200", "code_expired"), says("first"), 1},

		// Cookies.
		{"what ends with the browser, between Send and Verify", nil,
			does(ask(), restart, enter()), says("200"), says("first"), 1},
		{"the Binding, between Send and Verify", nil, does(ask(), lose(binding), enter()),
			says("200"), says("first"), 1},
		{"what ends with the browser, between two Sends", nil,
			does(ask(), keepCode, wait(61*time.Second), restart, ask(), sameCode, enter()),
			says("200"), says("first"), 2},
		{"the Binding, between two Sends", nil,
			does(ask(), keepCode, wait(61*time.Second), lose(binding), ask(), sameCode, enter()),
			says("200"), says("first"), 2},
		{"the Binding, and a page makes another one", nil,
			does(ask(), keepCode, wait(61*time.Second), lose(binding), visit, ask(), sameCode,
				enter()),
			says("200"), says("first"), 2},
		{"the session, and the same code comes again", nil,
			does(ask(), keepCode, lose(sessionCookie), enter(), wait(61*time.Second), ask(),
				sameCode, enter()),
			says("session_missing", "200"), says("first"), 2},
		{"all cookies", nil,
			does(ask(), loseAll, enter(), wait(61*time.Second), ask(), enter()),
			says("session_missing", "200"), says("first"), 2},
		{"the session, by its age", nil, does(ask(), wait(70*time.Minute), enter()),
			says("session_missing"), nil, 1},
		{"the Trust, by a challenge that came late", withTrust,
			does(ask(), keepCode, wait(5*time.Second), ask("challenge", "solved"), typeFirst,
				enter()),
			says("200"), says("first"), 2},
		{"an instance with the older key first", nil,
			does(roll(oldFirst), ask(keyed...), roll(newFirst), askTold("send_limited", keyed...),
				enterSession(key, "k"), roll(oldFirst), enterSession(key, "k")),
			says("200", "200"), says("first", "first"), 1},

		// Replies of the store, and the mail.
		{"the store, at Send", nil,
			does(down("at once"), askTold("unavailable"), up, ask(), enter()),
			says("200"), says("first"), 1},
		{"a reply of the store, at Send, which has counted", nil,
			does(down("after the swap"), visit, askTold("unavailable"), up,
				askTold("send_limited"), wait(time.Minute), ask(), enter()),
			says("200"), says("first"), 1},
		{"the mail, and nobody is told", nil,
			does(mail(otp.NotSent(errOnFire)), askTold(""), mail(nil), wait(time.Minute), ask(),
				enter()),
			says("200"), says("first"), 2},
		{"the mail, where everybody is welcome", anyone,
			does(mail(otp.NotSent(errOnFire)), askTold("not_sent"), mail(nil), wait(time.Minute),
				ask(), enter()),
			says("200"), says("first"), 2},
		{"what became of the mail, which has arrived", anyone,
			does(mail(errOnFire), askTold("delivery_failed"), enter()),
			says("200"), says("first"), 1},
		{"the store, before the code is judged", nil,
			does(ask(), down("at once"), enter(), up, enter()),
			says("unavailable", "200"), says("first"), 1},
		{"the store, before the code is spent", nil,
			does(ask(), down("at the swap"), enterKey, up, enterKey),
			says("unavailable", "200"), says("first"), 1},
		{"the reply of the store that the code is spent", nil,
			does(ask(), down("after the swap"), enterKey, up, enterKey),
			says("unavailable", "200"), says("first"), 1},
		{"that reply, once", once, does(ask(), down("after the swap"), enterKey, up, enterKey),
			says("unavailable", "repeated"), nil, 1},
		{"that reply, without a key", nil,
			does(ask(), down("after the swap"), enter(), up, enter()),
			says("unavailable", "code_used"), nil, 1},

		// Done.
		{"what Done does", nil, does(ask(), fail(2), enterKey, enterKey, enterKey),
			says("unfinished", "unfinished", "200"), says("first"), 1},
		{"what Done does, once", once, does(ask(), fail(1), enterKey, enterKey),
			says("unfinished", "code_used"), nil, 1},
		{"what Done does, without a key", nil, does(ask(), fail(1), enter(), enter()),
			says("unfinished", "code_used"), nil, 1},
		{"what Done does, by its time", nil, does(ask(), hang, enterKey, enterKey),
			says("unfinished", "200"), says("first"), 1},
		{"what Done does, by its time, once", once, does(ask(), hang, enterKey, enterKey),
			says("unfinished", "code_used"), nil, 1},
		{"what Done does, after it has said so", nil, does(ask(), func(s *story) {
			s.done = func(_ context.Context, w http.ResponseWriter) error {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "signed-in"})
				w.WriteHeader(http.StatusOK)
				w.Write([]byte(`{"done":true}`))
				return errOnFire
			}
			s.enter(key, "k")
			require.NotContains(s.t, s.cookies, "session")
		}), says("unfinished"), nil, 1},
		{"the codes of others, which cannot be revoked", nil, does(ask(), func(s *story) {
			s.done = func(context.Context, http.ResponseWriter) error {
				s.down("at once")
				return nil
			}
		}, enter()), says("200"), says("first"), 1},
		{"the process, in Done", nil, does(ask(), crash, enterKey), says("200"), says("first"), 1},
		{"the process, in Done, once", once, does(ask(), crash, enterKey),
			says("code_used"), nil, 1},
		{"the client, in Done", nil, does(ask(), func(s *story) {
			ctx, hangUp := context.WithCancel(s.t.Context())
			s.done = func(ctx context.Context, _ http.ResponseWriter) error {
				hangUp()
				return ctx.Err()
			}
			s.say(s.do(s.flow.ServeVerify, formOf("password=first&code="+s.code).WithContext(ctx)))
		}), says("200"), says("first"), 1},

		// Clicks.
		{"the first of two clicks", nil, does(ask(), enterTwice),
			says("200", "200"), says("first", "first"), 1},
		{"the first of two clicks, once", once, does(ask(), enterTwice),
			says("200", "repeated"), says("first"), 1},
		{"the first of two clicks, which fails", nil, does(ask(), fail(1), enterTwice),
			says("unfinished", "200"), says("first"), 1},
		{"the second of two clicks, while the first hangs", nil, does(ask(), hang, enterTwice),
			says("200", "unfinished"), says("first"), 1},
		{"the second of two clicks, while the first hangs, once", once,
			does(ask(), hang, enterTwice, enterKey),
			says("repeated", "unfinished", "code_used"), nil, 1},
		{"the first form, sent again late", nil,
			does(ask(), keepCode, enter(key, "k1"), wait(2*time.Minute), ask(),
				enter(key, "k2", "password", "second"), typeFirst, enter(key, "k1")),
			says("200", "200", "code_used"), says("first", "second"), 2},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStory(t, c.configure)
				for _, step := range c.play {
					step(s)
				}
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
