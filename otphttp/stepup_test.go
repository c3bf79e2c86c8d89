package otphttp_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A payment waits to be confirmed.
type payment struct{ id, amount string }

// A bank has a payment of a person who is signed in.
type bank struct {
	*otphttp.Flow
	*client
	inbox   *otptest.Inbox
	to      string // of who is signed in
	pending *payment
	paid    []string // the Bindings
}

func newBank(t *testing.T, configure ...func(*otphttp.Config)) *bank {
	b := &bank{client: newClient(t), to: ada, pending: &payment{"1", "€250"}}
	codes, inbox := otptest.New(t, otp.Config{Kind: otp.ConfirmTransaction})
	b.inbox = inbox
	b.Flow = newService(t, func(c *otphttp.Config) {
		c.Codes, c.Find, c.Accept, c.Once = codes, b.find, b.accept, true
		for _, f := range configure {
			f(c)
		}
	}).Flow
	return b
}

func (b *bank) find(*http.Request, string) (otphttp.Recipient, error) {
	if b.pending == nil {
		return otphttp.Recipient{}, &otphttp.Problem{
			Status: http.StatusConflict, Code: "nothing_pending", Detail: "Nothing is to be paid.",
		}
	}
	return otphttp.Recipient{
		To: b.to, Known: true, Trust: otp.Known, Language: "de", Data: b.pending,
		Binding: "payment-" + b.pending.id,
	}, nil
}

func (b *bank) accept(_ *http.Request, c otphttp.Claim) (otphttp.Done, error) {
	return func(context.Context, http.ResponseWriter) error {
		b.paid = append(b.paid, c.Binding)
		return nil
	}, nil
}

// A signed-in person confirms what is pending: it is in the message and in the State.
func TestStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		b.post(b.ServeSend).want(t, 202, "")

		m := b.inbox.Messages()[0]
		assert.Equal(t, b.pending, m.Data)
		assert.Equal(t, "de", m.Language)
		b.get(func(w http.ResponseWriter, r *http.Request) {
			state, err := b.Status(w, r)
			assert.NoError(t, err)
			assert.Equal(t, b.pending, state.Data)
			assert.Equal(t, ada, state.Address)
			assert.True(t, state.Status.Live)
		})

		b.post(b.ServeVerify, "code", b.inbox.Code(t, ada)).want(t, 200, "")
		assert.Equal(t, []string{"payment-1"}, b.paid)
	})
}

// What was confirmed is not pending any more: the page that is opened again says that it is done,
// and a second click is no other transaction.
func TestStepUpAgain(t *testing.T) {
	twice := says("payment-1", "payment-1")
	for name, c := range map[string]struct {
		once    bool
		pending *payment
		status  int
		code    string
		paid    []string
	}{
		"nothing else":          {false, nil, 200, "", twice},
		"another payment":       {false, &payment{id: "2"}, 200, "", twice},
		"nothing else, once":    {true, nil, 409, "repeated", says("payment-1")},
		"another payment, once": {true, &payment{id: "2"}, 409, "repeated", says("payment-1")},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, func(config *otphttp.Config) { config.Once = c.once })
			b.post(b.ServeSend).want(t, 202, "")
			code, lost := b.inbox.Code(t, ada), b.twin()
			b.post(b.ServeVerify, "code", code, key, "k").want(t, 200, "")

			b.pending = c.pending
			b.get(b.ServeStatus).want(t, 200, "")
			lost.post(b.ServeVerify, "code", code, key, "k").want(t, c.status, c.code)
			lost.post(b.ServeVerify, "code", wrong(code), key, "k").want(t, 409, map[bool]string{
				true: "nothing_pending", false: "transaction_changed",
			}[c.pending == nil])
			assert.Equal(t, c.paid, b.paid)
		})
	}
}

// What is pending has changed between Send and Verify: the code confirms nothing, and is not lost.
func TestReplacedTransaction(t *testing.T) {
	for name, replace := range map[string]func(*bank){
		"another payment": func(b *bank) { b.pending = &payment{"2", "€9,999"} },
		"another address": func(b *bank) { b.to = bob },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t)
				b.post(b.ServeSend).want(t, 202, "")
				code, first := b.inbox.Code(t, ada), b.pending

				replace(b)
				for range 10 {
					b.post(b.ServeVerify, "code", wrong(code)).want(t, 409, "transaction_changed")
					b.post(b.ServeVerify, "code", code).want(t, 409, "transaction_changed")
				}
				b.get(b.ServeStatus).want(t, 409, "transaction_changed")
				assert.Empty(t, b.paid)

				b.pending, b.to = first, ada
				assert.Equal(t, 5, b.get(b.ServeStatus).want(t, 200, "").AttemptsLeft)
				b.post(b.ServeVerify, "code", code).want(t, 200, "")
				assert.Equal(t, []string{"payment-1"}, b.paid)
			})
		})
	}
}

// Where nothing is pending, the person is told what the application says, and no code is sent.
func TestNothingPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		b.post(b.ServeSend).want(t, 202, "")
		code := b.inbox.Code(t, ada)

		b.pending = nil
		for _, handler := range []http.HandlerFunc{b.ServeSend, b.ServeVerify, b.ServeStatus} {
			d := b.post(handler, "code", code).want(t, 409, "nothing_pending")
			assert.Equal(t, "Nothing is to be paid.", d.Detail)
		}
		assert.Len(t, b.inbox.Messages(), 1)
		assert.Empty(t, b.paid)
	})
}

// The amount changes five times: each time the code of before is void, and another one is sent as
// soon as the limits of a known client allow.
func TestChangesOfMind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		var codes []string
		for i := range 5 {
			b.pending = &payment{id: fmt.Sprint(i)}
			b.post(b.ServeSend).want(t, 202, "")
			codes = append(codes, b.inbox.Code(t, ada))
			time.Sleep(time.Minute)
		}

		for _, code := range codes[:4] {
			require.NotEqual(t, http.StatusOK, b.post(b.ServeVerify, "code", code).StatusCode)
		}
		b.post(b.ServeVerify, "code", codes[4]).want(t, 200, "")
		assert.Equal(t, []string{"payment-4"}, b.paid)
	})
}

// A failed delivery is told to a person who is signed in: there is no account to hide.
func TestStepUpTellsOfDelivery(t *testing.T) {
	b := newBank(t)
	b.inbox.Fail(otp.Undeliverable(errOnFire))
	b.post(b.ServeSend).want(t, 422, "undeliverable")
}

// In another browser, the code of a payment confirms nothing.
func TestStepUpIsBoundToTheBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t)
		b.post(b.ServeSend).want(t, 202, "")
		code := b.inbox.Code(t, ada)

		own := b.client
		b.client = newClient(t)
		b.post(b.ServeVerify, "code", code).want(t, 403, "session_missing")
		time.Sleep(time.Minute)
		b.post(b.ServeSend).want(t, 202, "")
		b.post(b.ServeVerify, "code", code).want(t, 403, "code_mismatch")
		assert.Empty(t, b.paid)

		b.client = own
		b.post(b.ServeVerify, "code", code).want(t, 200, "")
	})
}
