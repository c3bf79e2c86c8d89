package otphttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const tokenField = "email_verification_token"

// A proving is a service whose accounts are at one issuer, and a visitor whose browser proves
// addresses.
type proving struct {
	*story
	codes     *otp.Service
	issuer    *evptest.Issuer
	browser   *evptest.Browser
	nonce     string  // of the page that is shown
	token     string  // that was sent last
	kept      *client // a tab that was kept, and what it sent last
	keptToken string
	refusal   error // of Accept
	claims    []otphttp.Claim
	events    []otp.Event
	delay     time.Duration // of the issuer
	queries   int           // of DNS
}

func newProving(t *testing.T, kind otp.Kind, configure func(*otphttp.Config)) *proving {
	t.Helper()

	p := &proving{story: &story{client: newClient(t)}, issuer: evptest.NewIssuer("example.com")}
	p.browser = evptest.NewBrowser(p.issuer, site)
	store := &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(c otptest.StoreCall) (fault otptest.StoreFault) {
			if p.fault != nil {
				fault = p.fault(c)
			}
			return fault
		},
	}
	p.codes, p.inbox = otptest.New(t, otp.Config{
		Kind: kind, Store: store,
		Policy:  otp.Policy{Lock: true, MaxAttempts: 2, MaxFailures: 8},
		Observe: func(_ context.Context, e otp.Event) { p.events = append(p.events, e) },
	})
	p.keys = func(keys otp.Keys) {
		p.flow = newService(t, func(c *otphttp.Config) {
			c.Codes, c.Accept, c.Keys, c.Proofs = p.codes, p.accept, keys, p.verifier()
			if configure != nil {
				configure(c)
			}
		}).Flow
	}
	p.keys(testKeys)
	p.show()
	return p
}

func (p *proving) verifier() *evp.Verifier {
	v, err := evp.New(evp.Config{
		Origins: []string{site}, Client: p.issuer.Client(),
		Lookup: func(ctx context.Context, name string) ([]string, error) {
			p.queries++
			select {
			case <-time.After(p.delay):
				return p.issuer.LookupTXT(ctx, name)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	})
	require.NoError(p.t, err)
	return v
}

func (p *proving) accept(r *http.Request, c otphttp.Claim) (otphttp.Done, error) {
	p.claims = append(p.claims, c)
	if p.refusal != nil {
		return nil, p.refusal
	}
	return p.story.accept(r, c)
}

// show shows the page that asks for the address.
func (p *proving) show() {
	p.nonce = p.get(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, p.flow.Nonce(w, r))
	}).text
}

// prove sends the form with an address and the proof of it.
func (p *proving) prove(email string, members ...string) {
	p.sendToken(email, p.browser.Token(email, p.nonce), members...)
}

// sendToken sends the form with a token.
func (p *proving) sendToken(email, token string, members ...string) {
	p.token = token
	p.hear(p.post(p.flow.ServeSend, append([]string{
		"email", email, tokenField, token,
	}, members...)...))
}

// again sends the form of before.
func (p *proving) again(members ...string) { p.sendToken(ada, p.token, members...) }

// choose sends a new password, without a code.
func (p *proving) choose(password string) {
	p.hear(p.post(p.flow.ServeVerify, "password", password))
}

// hear notes what the person is told: "done", "proved", "sent", or the code of a problem.
func (p *proving) hear(r reply) {
	told := "sent"
	switch d := r.document(p.t); {
	case d.Code != "":
		told = d.Code
	case d.Done:
		require.Equal(p.t, http.StatusOK, r.StatusCode)
		told = "done"
	case strings.Contains(r.text, `"proved":true`):
		told = "proved"
	}
	p.told = append(p.told, told)
}

// useUp uses up the sends and the attempts of the address, as strangers do.
func (p *proving) useUp() {
	stranger := newClient(p.t)
	for range 4 {
		stranger.post(p.flow.ServeSend, "email", ada)
		for range 2 {
			stranger.post(p.flow.ServeVerify, "code", wrong(p.inbox.Code(p.t, ada)))
		}
		time.Sleep(2 * time.Minute)
	}
	require.Equal(p.t, "locked", stranger.post(p.flow.ServeSend, "email", ada).document(p.t).Code)
}

// issuerDown lets the documents of the issuer fail.
func (p *proving) issuerDown() {
	p.issuer.Handle(evptest.MetadataPath, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "down", http.StatusServiceUnavailable)
	})
}

// An act is a part of what becomes of a proof.
type act = func(*proving)

func plays(acts ...act) []act { return acts }

func as(s step) act               { return func(p *proving) { s(p.story) } }
func sendToken(token string) act  { return func(p *proving) { p.sendToken(ada, token) } }
func again(members ...string) act { return func(p *proving) { p.again(members...) } }
func choose(password string) act  { return func(p *proving) { p.choose(password) } }
func refuse(err error) act        { return func(p *proving) { p.refusal = err } }
func accepts(p *proving)          { p.refusal = nil }
func keepTab(p *proving)          { p.kept, p.keptToken = p.twin(), p.token }
func backToTab(p *proving)        { p.client, p.token = p.kept, p.keptToken }
func prove(email string, members ...string) act {
	return func(p *proving) { p.prove(email, members...) }
}

// submit enters the latest code, if there is one.
func submit(members ...string) act {
	return func(p *proving) {
		code := []string{"code", "123456"}
		if len(p.inbox.Messages()) > 0 {
			code[1] = p.inbox.Code(p.t, ada)
		}
		p.hear(p.post(p.flow.ServeVerify, append(code, members...)...))
	}
}

// Whatever becomes of a proof: what the person is told, and what is true. Where it does not count,
// there is the code, and never an error.
func TestProofs(t *testing.T) {
	const signIn, reset = otp.SignIn, otp.ResetPassword
	refused := &otphttp.Problem{Code: "refused"}
	show, useUp, issuerDown := (*proving).show, (*proving).useUp, (*proving).issuerDown
	fails := as(fail(1))

	for _, c := range []struct {
		what      string
		kind      otp.Kind
		configure func(*otphttp.Config)
		play      []act
		told      []string
		done      int // how often Done succeeded
		mails     int
	}{
		// It takes the place of the code.
		{"signs in", signIn, nil, plays(prove(ada)), says("done"), 1, 0},
		{"confirms", otp.ConfirmAddress, nil, plays(prove(ada)), says("done"), 1, 0},
		{"changes", otp.ChangeAddress, nil, plays(prove(ada)), says("done"), 1, 0},
		{"does whatever", otp.General, nil, plays(prove(ada)), says("done"), 1, 0},
		{"resets", reset, nil, plays(prove(ada), choose("first")), says("proved", "done"), 1, 0},
		{"another spelling", signIn, nil, plays(prove("aDA@example.com")), says("done"), 1, 0},
		{"limited and locked", signIn, nil, plays(useUp, prove(ada)), says("done"), 1, 4},
		{"limited and locked, reset", reset, nil, plays(useUp, prove(ada), choose("first")),
			says("proved", "done"), 1, 4},
		{"the keys were rolled", reset, nil,
			plays(as(roll(otp.Keys{newKey, testKeys[0]})), prove(ada),
				as(roll(otp.Keys{newKey, newKey, testKeys[0]})), choose("first")),
			says("proved", "done"), 1, 0},
		{"the page was open for an hour, nearly", signIn, nil,
			plays(as(wait(59*time.Minute)), prove(ada)), says("done"), 1, 0},

		// It is none, or not of the address.
		{"no token", signIn, nil, plays(sendToken("")), says("sent"), 0, 1},
		{"no proof", signIn, nil, plays(sendToken("no.proof")), says("sent"), 0, 1},
		{"Proofs is off", signIn, func(c *otphttp.Config) { c.Proofs = nil },
			plays(func(p *proving) { require.Empty(p.t, p.nonce) }, prove(ada)),
			says("sent"), 0, 1},
		{"of another address", signIn, nil, plays(func(p *proving) {
			p.sendToken(ada, p.browser.Token(bob, p.nonce))
		}), says("sent"), 0, 1},
		{"of a look-alike", signIn, func(c *otphttp.Config) { // as databases do
			c.Find = finds(otphttp.Recipient{To: "kim@example.com", Known: true})
		}, plays(prove("\u212Aim@example.com")), says("sent"), 0, 1}, // the Kelvin sign
		{"of no account", signIn, nil, plays(prove(eve)), says("sent"), 0, 0},
		{"a claim of the client", reset, nil, plays(func(p *proving) {
			p.sendToken(ada, "", "proved", "true")
			p.hear(p.post(p.flow.ServeVerify, "password", "first", "proved", "true"))
		}), says("sent", "code_malformed"), 0, 1},
		{"of no account, reset", reset, nil, plays(prove(eve), choose("first")),
			says("sent", "code_malformed"), 0, 0},
		{"the issuer is down", signIn, nil, plays(issuerDown, prove(ada)), says("sent"), 0, 1},
		{"stale", signIn, nil, plays(func(p *proving) {
			token := p.browser.Token(ada, p.nonce)
			time.Sleep(17 * time.Minute)
			p.sendToken(ada, token)
		}), says("sent"), 0, 1},
		{"the page was open for too long", signIn, nil,
			plays(as(wait(61*time.Minute)), prove(ada)), says("sent"), 0, 1},
		{"of another site", signIn, nil, plays(func(p *proving) {
			phisher := evptest.NewBrowser(p.issuer, "https://api.example.org")
			p.sendToken(ada, phisher.Token(ada, p.nonce))
		}), says("sent"), 0, 1},

		// Its nonce is not that of this visit.
		{"of another browser", signIn, nil, plays(as(loseAll), prove(ada), show, again()),
			says("sent", "send_limited"), 0, 1},
		{"without cookies", signIn, nil, plays(as(loseAll), prove(ada, "session", "")),
			says("sent"), 0, 1},
		{"of another flow", signIn, nil, plays(func(p *proving) {
			other := newService(p.t, func(c *otphttp.Config) {
				c.Name, c.Proofs = "other", p.verifier()
			})
			p.nonce = p.get(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, other.Nonce(w, r))
			}).text
		}, prove(ada)), says("sent"), 0, 1},
		{"under a key that is no more", signIn, nil,
			plays(as(roll(otp.Keys{newKey})), prove(ada)), says("sent"), 0, 1},
		{"a nonce of one's own", signIn, nil, plays(func(p *proving) {
			p.nonce = strings.Repeat("A", 16) + p.nonce[16:]
		}, prove(ada)), says("sent"), 0, 1},

		// It comes again.
		{"by a double click", signIn, nil, plays(prove(ada), again()),
			says("done", "done"), 2, 0},
		{"by a double click, once", signIn, once, plays(prove(ada), again()),
			says("done", "repeated"), 1, 0},
		{"with another form", signIn, nil, plays(prove(ada), again("remember", "yes")),
			says("done", "sent"), 1, 1},
		{"for another change", otp.ChangeAddress, func(c *otphttp.Config) {
			changes := 0
			c.Find = func(*http.Request, string) (otphttp.Recipient, error) {
				changes++
				return otphttp.Recipient{
					To: ada, Known: true, Binding: fmt.Sprint("change ", changes),
				}, nil
			}
		}, plays(prove(ada), again()), says("done", "sent"), 1, 1},
		{"as another token", signIn, nil, plays(prove(ada), as(wait(time.Second)), prove(ada)),
			says("done", "sent"), 1, 1},
		{"in another browser", signIn, nil, plays(prove(ada), as(loseAll), show, again()),
			says("done", "sent"), 1, 1},
		{"after signing out", signIn, nil, plays(prove(ada), keepTab, func(p *proving) {
			p.get(func(w http.ResponseWriter, r *http.Request) { p.flow.End(w, r) })
		}, backToTab, again()), says("done", "sent"), 1, 1},
		{"after another sign-in", signIn, nil,
			plays(prove(ada), keepTab, show, prove(ada), backToTab, again()),
			says("done", "done", "sent"), 2, 1},
		{"after a reset", reset, nil, plays(prove(ada), choose("first"), again()),
			says("proved", "done", "sent"), 1, 1},
		{"reset twice", reset, nil,
			plays(prove(ada), keepTab, choose("first"), backToTab, choose("first")),
			says("proved", "done", "done"), 2, 0},
		{"reset twice, once", reset, once,
			plays(prove(ada), keepTab, choose("first"), backToTab, choose("first")),
			says("proved", "done", "repeated"), 1, 0},
		{"reset to another password", reset, nil,
			plays(prove(ada), keepTab, choose("first"), backToTab, choose("second")),
			says("proved", "done", "code_used"), 1, 0},
		{"a late copy after another reset", reset, nil,
			plays(prove(ada), keepTab, choose("first"), show, prove(ada), choose("second"),
				backToTab, choose("first")),
			says("proved", "done", "proved", "done", "code_used"), 2, 0},
		{"repeated for long, then another password", reset, nil,
			plays(as(wait(59*time.Minute)), prove(ada), as(wait(9*time.Minute)), choose("first"),
				as(wait(6*time.Minute)), choose("first"), as(wait(7*time.Minute)),
				choose("second")),
			says("proved", "done", "code_malformed", "code_malformed"), 1, 0},
		{"reset too late", reset, nil,
			plays(prove(ada), as(wait(10*time.Minute)), submit("password", "first")),
			says("proved", "code_missing"), 0, 0},

		// Accept refuses, or Done fails.
		{"Accept refuses", signIn, nil, plays(refuse(refused), prove(ada), accepts, again()),
			says("refused", "done"), 1, 0},
		{"Accept refuses a password", reset, nil,
			plays(prove(ada), refuse(refused), choose("short"), accepts, choose("first")),
			says("proved", "refused", "done"), 1, 0},
		{"Done fails", signIn, nil, plays(fails, prove(ada), again()),
			says("unfinished", "done"), 1, 0},
		{"Done fails, once", signIn, once, plays(fails, prove(ada), again()),
			says("unfinished", "sent"), 0, 1},
		{"Done fails at a reset", reset, nil,
			plays(fails, prove(ada), choose("first"), choose("first")),
			says("proved", "unfinished", "done"), 1, 0},
		{"Done fails at a reset, once", reset, once,
			plays(fails, prove(ada), choose("first"), choose("first")),
			says("proved", "unfinished", "code_used"), 0, 0},

		// The store.
		{"the reply of the store is lost", signIn, nil, plays(func(p *proving) {
			lost := false
			p.fault = func(c otptest.StoreCall) (fault otptest.StoreFault) {
				if c.Method == "CompareAndSwap" && !lost {
					lost, fault.After = true, errOnFire
				}
				return fault
			}
		}, prove(ada)), says("done"), 1, 0},
		{"the store is down", signIn, nil,
			plays(as(down("at once")), prove(ada), as(up), again()),
			says("unavailable", "done"), 1, 0},
		{"the store is down after the swap", signIn, nil,
			plays(as(down("after the swap")), prove(ada), as(up), again()),
			says("unavailable", "done"), 1, 0},

		// The code beside it.
		{"a code of before", signIn, nil, plays(as(ask()), show, prove(ada), submit()),
			says("done", "code_missing"), 1, 1},
		{"a code of before, reset", reset, nil,
			plays(as(ask()), show, prove(ada), choose("first"), func(p *proving) {
				status, err := p.codes.Status(p.t.Context(), otp.Request{
					To: ada, Binding: p.cookies[binding].Value,
				})
				require.NoError(p.t, err)
				require.False(p.t, status.Live)
			}),
			says("proved", "done"), 1, 1},
		{"a code of before, whose answer was lost", signIn, nil,
			plays(as(askInVain), prove(ada), submit()), says("done", "code_missing"), 1, 1},
		{"a code of before, in its tab", signIn, nil,
			plays(as(ask()), show, keepTab, prove(ada), backToTab, submit()),
			says("done", "code_missing"), 1, 1},
		{"a code after it", reset, nil,
			plays(prove(ada), as(ask()), submit("password", "first")),
			says("proved", "done"), 1, 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProving(t, c.kind, c.configure)
				for _, act := range c.play {
					act(p)
				}

				require.Equal(t, c.told, p.told)
				require.Len(t, p.stored, c.done)
				require.Len(t, p.inbox.Messages(), c.mails)
			})
		})
	}
}

// A person who proves one address and asks for another learns nothing about that: neither by what
// is answered nor by when, however slow or down the issuer and the Sender are.
func TestProofsTellNothing(t *testing.T) {
	tokens := map[string]func(*proving) string{
		"no token":             func(*proving) string { return "" },
		"an invalid token":     func(*proving) string { return "no.proof" },
		"of another visit":     func(p *proving) string { return p.browser.Token(bob, "another") },
		"the proof of another": func(p *proving) string { return p.browser.Token(bob, p.nonce) },
	}
	issuers := map[string]func(*proving){
		"the issuer is up":              func(*proving) {},
		"the issuer is slow":            func(p *proving) { p.delay = 200 * time.Millisecond },
		"the issuer is slower than all": func(p *proving) { p.delay = 1500 * time.Millisecond },
		"the issuer does not answer":    func(p *proving) { p.delay = time.Hour },
		"the issuer is down":            (*proving).issuerDown,
	}

	for _, kind := range []otp.Kind{otp.SignIn, otp.ResetPassword} {
		for token, newToken := range tokens {
			for issuer, change := range issuers {
				t.Run(token+", "+issuer, func(t *testing.T) {
					ask := func(email string) (answer string) {
						synctest.Test(t, func(t *testing.T) {
							p := newProving(t, kind, func(c *otphttp.Config) {
								c.Codes, _ = otptest.New(t, otp.Config{
									Kind:   kind,
									Policy: otp.Policy{MinSendTime: 500 * time.Millisecond},
									Sender: slowSender(200 * time.Millisecond),
								})
							})
							change(p)
							begin, token := time.Now(), newToken(p)
							r := p.post(p.flow.ServeSend, "email", email, tokenField, token)
							require.Equal(t, http.StatusAccepted, r.StatusCode)
							answer = fmt.Sprint(r.text, " after ", time.Since(begin))
						})
						return answer
					}
					require.Equal(t, ask(ada), ask(eve))
				})
			}
		}
	}
}

// Each token leaves one event, which says how its verification has ended and holds no address.
func TestEventsOfProofs(t *testing.T) {
	for what, c := range map[string]struct {
		play  func(*proving)
		err   error
		step  evp.Step
		decoy bool
	}{
		"a proof": {func(p *proving) { p.prove(ada) }, nil, "", false},
		"of another address": {func(p *proving) {
			p.sendToken(ada, p.browser.Token(bob, p.nonce))
		}, otp.ErrMismatch, "", false},
		"of no account": {func(p *proving) { p.prove(eve) }, nil, "", true},
		"no proof": {func(p *proving) {
			p.sendToken(ada, "-")
		}, evp.ErrInvalid, evp.StepToken, false},
		"another nonce": {func(p *proving) {
			p.nonce = "another"
			p.prove(ada)
		}, evp.ErrInvalid, evp.StepNonce, false},
		"the issuer is down": {func(p *proving) {
			p.issuerDown()
			p.prove(ada)
		}, evp.ErrUnavailable, evp.StepMetadata, false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProving(t, otp.SignIn, nil)
				c.play(p)

				proofs := slices.DeleteFunc(p.events, func(e otp.Event) bool {
					return e.Op != otp.OpProof
				})
				require.Len(t, proofs, 1)
				e := proofs[0]
				require.Equal(t, c.decoy, e.Decoy)
				require.Equal(t, "test", e.Purpose)
				require.NotEmpty(t, e.Pseudonym)
				require.NotContains(t, fmt.Sprint(e), "example.com")
				var failure *evp.Error
				require.Equal(t, c.step != "", errors.As(e.Err, &failure))
				require.ErrorIs(t, e.Err, c.err)
				if failure != nil {
					require.Equal(t, c.step, failure.Step)
				}
			})
		})
	}
}

// The budget of the client and the nonce come before any look-up, and none is made without a token.
func TestProofsLookNothingUpInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allowed := true
		p := newProving(t, otp.SignIn, func(c *otphttp.Config) {
			c.Allow = func(http.ResponseWriter, *http.Request) bool { return allowed }
		})
		p.sendToken(ada, "")
		allowed = false
		p.prove(ada)
		allowed = true
		p.nonce = "another"
		p.prove(ada)

		require.Equal(t, says("sent", "too_many_requests", "send_limited"), p.told)
		require.Zero(t, p.issuer.Requests())
	})
}

// Where the keys are kept, a proof costs one DNS query and two calls of the store.
func TestCostOfAProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProving(t, otp.SignIn, nil)
		p.prove(ada)
		requests, queries := p.issuer.Requests(), p.queries
		var calls []string
		p.fault = func(c otptest.StoreCall) (fault otptest.StoreFault) {
			calls = append(calls, c.Method)
			return fault
		}
		p.client = newClient(t)
		p.show()
		p.prove(ada)

		require.Equal(t, says("done", "done"), p.told)
		require.Equal(t, []string{"Load", "CompareAndSwap"}, calls)
		require.Equal(t, queries+1, p.queries)
		require.Equal(t, requests, p.issuer.Requests())
	})
}

// Accept learns that the browser has proved the address. The device is known then, also where the
// proof was spent before: its codes have limits of their own.
func TestProofIsEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProving(t, otp.SignIn, func(c *otphttp.Config) { c.Devices = true })
		p.useUp()
		p.prove(ada)
		require.Equal(t, []otphttp.Claim{{To: ada, Proved: true}}, p.claims)
		require.Contains(t, p.cookies, "__Host-otp-device")
		delete(p.cookies, "__Host-otp-device")

		p.again("remember", "yes")
		require.Equal(t, says("done", "sent"), p.told)
		require.Equal(t, otp.Known, p.events[len(p.events)-1].Trust)
		p.hear(p.post(p.flow.ServeVerify, "code", p.inbox.Code(t, ada)))
		require.Equal(t, otphttp.Claim{To: ada}, p.claims[1], "by the code")
	})
}

// A proof waits for nothing, however long the answer about a code takes.
func TestProofWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProving(t, otp.SignIn, func(c *otphttp.Config) {
			c.Codes, _ = otptest.New(t, otp.Config{
				Kind: otp.SignIn, Policy: otp.Policy{MinSendTime: time.Second},
			})
		})
		begun := time.Now()
		p.prove(ada)
		require.Equal(t, says("done"), p.told)
		require.Zero(t, time.Since(begun))
	})
}

// A code that is entered after a proof is a code: the answer to the form of the proof may have come
// last.
func TestCodeAfterAProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProving(t, otp.SignIn, func(c *otphttp.Config) { c.Devices = true })
		p.prove(ada)
		late := p.twin()
		p.sendToken(ada, "", "remember", "yes")
		p.client = late

		r := p.post(p.flow.ServeVerify, "code", p.inbox.Code(t, ada))
		require.Equal(t, "{\"done\":true}\n", r.text)
		require.Equal(t, otphttp.Claim{To: ada}, p.claims[1])
	})
}

// A proof makes the answer of Done the answer of Send.
func TestProofAnsweredByDone(t *testing.T) {
	p := newProving(t, otp.SignIn, nil)
	p.done = func(_ context.Context, w http.ResponseWriter) error {
		w.Header().Set("Location", "/in")
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	r := p.post(p.flow.ServeSend, "email", ada, tokenField, p.browser.Token(ada, p.nonce))
	require.Equal(t, http.StatusSeeOther, r.StatusCode)
	require.Empty(t, r.text)
}
