package otphttp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sendlimit"
)

// Every delivery that fails behind an answer that does not tell leaves one line in the log, with
// the message and the class, and without the address. Where everybody is welcome it is told.
func TestDeliveriesThatFail(t *testing.T) {
	failing := func(err error) otp.Sender {
		return otp.SenderFunc(func(context.Context, otp.Message) error { return err })
	}
	used, err := sendlimit.New(failing(nil), sendlimit.Options{
		Total: []otp.Limit{{Count: 1, Window: time.Hour}},
	})
	require.NoError(t, err)
	require.NoError(t, used.Send(t.Context(), otp.Message{To: ada}))
	closed, err := background.New(failing(nil), nil)
	require.NoError(t, err)
	require.NoError(t, closed.Shutdown(t.Context()))

	for name, c := range map[string]struct {
		sender otp.Sender
		status int
		code   string
	}{
		"a Sender that says nothing": {failing(errOnFire), 503, "delivery_failed"},
		"a Sender that sent nothing": {failing(otp.NotSent(errOnFire)), 503, "not_sent"},
		"an address that takes none": {failing(otp.Undeliverable(nil)), 422, "undeliverable"},
		"a Sender with an address":   {failing(errors.New("550 " + ada)), 503, "delivery_failed"},
		"an error of otp":            {failing(otp.ErrLimited), 503, "delivery_failed"},
		"too many messages":          {used, 503, "not_sent"},
		"a queue that is closed":     {closed, 503, "not_sent"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServiceWith(t, otp.Config{Sender: c.sender}, nil)
			newClient(t).post(s.ServeSend, "email", ada).want(t, 202, "")

			log := s.log.String()
			assert.Equal(t, 1, strings.Count(log, "\n"), log)
			assert.Contains(t, log, "level=WARN")
			assert.Contains(t, log, "flow=flow class="+c.code+" message="+s.inbox.Messages()[0].ID)
			assert.NotContains(t, strings.ToLower(log), "example.com")

			told := newService(t, func(config *otphttp.Config) {
				config.Codes, config.Anyone = s.codes, true
			})
			d := newClient(t).post(told.ServeSend, "email", bob).want(t, c.status, c.code)
			if c.code == "undeliverable" {
				assert.Equal(t, "email", d.Field)
			}
		})
	}
}

// Every refusal is told, and every failure of the service is logged besides, once: none is answered
// by a success. The answer does not tell the cause, and the log holds neither address nor code.
func TestEveryErrorLeavesATrace(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*service, *client) reply
		code string
		log  string
	}{
		"ErrMismatch":  {enters("000000"), "code_mismatch", ""},
		"ErrMalformed": {enters("x"), "code_malformed", ""},
		"ErrExpired": {func(s *service, c *client) reply {
			time.Sleep(11 * time.Minute)
			return enters(s.inbox.Code(c.t, ada))(s, c)
		}, "code_expired", ""},
		"ErrUsed": {func(s *service, c *client) reply {
			enters(s.inbox.Code(c.t, ada))(s, c)
			return enters(s.inbox.Code(c.t, ada))(s, c)
		}, "code_used", ""},
		"ErrExhausted": {func(s *service, c *client) reply {
			for range 5 {
				enters(wrong(s.inbox.Code(c.t, ada)))(s, c)
			}
			return enters(s.inbox.Code(c.t, ada))(s, c)
		}, "code_exhausted", ""},
		"ErrNoCode": {func(s *service, c *client) reply {
			require.NoError(c.t, s.codes.RevokeAll(c.t.Context(), ada))
			return enters("000000")(s, c)
		}, "code_missing", ""},
		"ErrLimited": {asks, "send_limited", ""},
		"ErrLocked": {func(s *service, c *client) reply {
			for range 20 {
				for range 5 {
					enters(wrong(s.inbox.Code(c.t, ada)))(s, c)
				}
				time.Sleep(24 * time.Hour)
				asks(s, c)
			}
			return asks(s, c)
		}, "locked", ""},
		"ErrInvalid": {func(s *service, c *client) reply {
			return c.post(s.ServeSend, "email", "nobody")
		}, "address_invalid", ""},
		"a store that fails": {func(s *service, c *client) reply {
			s.broken = true
			return enters("000000")(s, c)
		}, "unavailable", "level=ERROR"},
		"a store that fails at Send": {func(s *service, c *client) reply {
			s.broken = true
			return asks(s, c)
		}, "unavailable", "level=ERROR"},
		"a Find that fails": {func(s *service, c *client) reply {
			return c.post(s.ServeSend, "email", "fire@example.com")
		}, "unavailable", "level=ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, client := newBreakable(t), newClient(t)
				asks(s, client)
				answer := c.play(s, client)
				assert.GreaterOrEqual(t, answer.StatusCode, 400)
				assert.Equal(t, c.code, answer.document(t).Code)
				assert.NotContains(t, answer.text, "fire")

				log := s.log.String()
				if c.log == "" {
					assert.Empty(t, log)
					return
				}
				assert.Equal(t, 1, strings.Count(log, c.log), log)
				assert.Contains(t, log, errOnFire.Error())
				assert.NotContains(t, log, "example.com")
				assert.NotContains(t, log, "000000")
			})
		})
	}
}

func asks(s *service, c *client) reply { return c.post(s.ServeSend, "email", ada) }

func enters(code string) func(*service, *client) reply {
	return func(s *service, c *client) reply { return c.post(s.ServeVerify, "code", code) }
}

// newBreakable returns a service that locks, and whose store fails where broken is set.
func newBreakable(t *testing.T) *service {
	var s *service
	s = newServiceWith(t, otp.Config{
		Policy: otp.Policy{Lock: true},
		Store: &otptest.FaultyStore{
			Store: memstore.New(nil),
			Fault: func(otptest.StoreCall) (fault otptest.StoreFault) {
				if s.broken {
					fault.Before = errOnFire
				}
				return fault
			},
		},
	}, nil)
	return s
}
