package sendlimit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sendlimit"
)

// A counter counts the messages that it is given.
type counter struct {
	sent atomic.Int32
	err  error
}

func (c *counter) Send(context.Context, otp.Message) error {
	c.sent.Add(1)
	return c.err
}

// newSender fails the test where New does.
func newSender(t *testing.T, next otp.Sender, opts sendlimit.Options) *sendlimit.Sender {
	t.Helper()
	s, err := sendlimit.New(next, opts)
	require.NoError(t, err)
	return s
}

// A refusal says that nothing was sent, and does not count towards the other limits. A block of
// numbers is one group, however they are spelled.
func TestRefusals(t *testing.T) {
	next := &counter{}
	s := newSender(t, next, sendlimit.Options{
		Total:    []otp.Limit{{Count: 4, Window: time.Hour}},
		PerGroup: []otp.Limit{{Count: 2, Window: time.Minute}},
		Group:    sendlimit.PhonePrefix(6),
	})
	send := func(to string) error { return s.Send(t.Context(), otp.Message{To: to}) }

	require.NoError(t, send("+49 151 99999901"))
	require.NoError(t, send("0049-151-9-9999902"))
	err := send("+4915199999903")
	require.ErrorIs(t, err, sendlimit.ErrExceeded)
	require.ErrorIs(t, err, otp.ErrNotSent)
	require.NotErrorIs(t, err, otp.ErrUndeliverable)

	require.NoError(t, send("+491528000001"))
	require.NoError(t, send("+12125550100"))
	require.ErrorIs(t, send("+33612345678"), sendlimit.ErrExceeded)
	require.EqualValues(t, 4, next.sent.Load())
}

// What was passed on counts, also if it failed; the Sender's error comes back as it is.
func TestFailuresCount(t *testing.T) {
	next := &counter{err: errors.New("down")}
	s := newSender(t, next, sendlimit.Options{Total: []otp.Limit{{Count: 2, Window: time.Minute}}})

	for range 2 {
		require.Equal(t, next.err, s.Send(t.Context(), otp.Message{}))
	}
	require.Equal(t, sendlimit.ErrExceeded, s.Send(t.Context(), otp.Message{}))
	require.EqualValues(t, 2, next.sent.Load())
}

// Three hundred at once get through as often as the limit says.
func TestParallel(t *testing.T) {
	next := &counter{}
	s := newSender(t, next, sendlimit.Options{
		Total:    []otp.Limit{{Count: 100, Window: time.Hour}},
		PerGroup: []otp.Limit{{Count: 60, Window: time.Hour}},
		Group:    sendlimit.EmailDomain,
	})

	var refused atomic.Int32
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			m := otp.Message{To: fmt.Sprintf("ada@%d.example", i%2)}
			if errors.Is(s.Send(t.Context(), m), sendlimit.ErrExceeded) {
				refused.Add(1)
			}
		})
	}
	all.Wait()

	require.EqualValues(t, 100, next.sent.Load())
	require.EqualValues(t, 200, refused.Load())
}

// A slow count of all messages in each window agrees with the Sender for a day of random messages.
func TestAgainstAPlainCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		total := []otp.Limit{{Count: 10, Window: time.Minute}, {Count: 100, Window: time.Hour}}
		perGroup := []otp.Limit{{Count: 3, Window: 90 * time.Second},
			{Count: 20, Window: 2 * time.Hour}}
		s := newSender(t, &counter{}, sendlimit.Options{Total: total, PerGroup: perGroup,
			Group: sendlimit.EmailDomain})

		random := rand.New(rand.NewPCG(1, 2))
		type sent struct {
			at time.Time
			to string
		}
		var all []sent
		within := func(l otp.Limit, to string) (n int) {
			for _, m := range all {
				if time.Since(m.at) < l.Window && (to == "" || m.to == to) {
					n++
				}
			}
			return n
		}
		allowed := func(to string) bool {
			for _, l := range total {
				if within(l, "") >= l.Count {
					return false
				}
			}
			for _, l := range perGroup {
				if within(l, to) >= l.Count {
					return false
				}
			}
			return true
		}

		refused := 0
		for range 2000 {
			time.Sleep(time.Duration(random.IntN(30)) * time.Second)
			to := fmt.Sprintf("%d.example", random.IntN(8))

			want := allowed(to)
			err := s.Send(t.Context(), otp.Message{To: "ada@" + to})
			require.Equal(t, want, err == nil)
			if want {
				all = append(all, sent{time.Now(), to})
			} else {
				refused++
			}
		}

		require.Greater(t, len(all), 200)
		require.Greater(t, refused, 200)
	})
}

// In a Service, the refusal is a failed delivery: the code stays valid, and strangers are told
// nothing.
func TestInAService(t *testing.T) {
	limit := sendlimit.Options{Total: []otp.Limit{{Count: 1, Window: time.Hour}}}
	s := newSender(t, &counter{}, limit)
	service, _ := otptest.New(t, otp.Config{Sender: s})

	_, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"})
	require.NoError(t, err)

	status, err := service.Send(t.Context(), otp.Request{To: "bob@example.com"})
	require.ErrorIs(t, err, otp.ErrDelivery)
	require.ErrorIs(t, err, sendlimit.ErrExceeded)
	require.True(t, status.Live)
}

func TestOptionsRefused(t *testing.T) {
	total := func(count int, window time.Duration) sendlimit.Options {
		return sendlimit.Options{Total: []otp.Limit{{Count: count, Window: window}}}
	}
	perGroup := func(count int, window time.Duration) sendlimit.Options {
		return sendlimit.Options{PerGroup: []otp.Limit{{Count: count, Window: window}},
			Group: sendlimit.EmailDomain}
	}

	stored := func(change func(*sendlimit.Options)) sendlimit.Options {
		o := over(memstore.New(nil), 1)
		change(&o)
		return o
	}

	for name, test := range map[string]struct {
		options sendlimit.Options
		want    string
	}{
		"none":        {sendlimit.Options{}, "there is no limit"},
		"no group":    {sendlimit.Options{PerGroup: make([]otp.Limit, 1)}, "Options.Group is nil"},
		"count 0":     {total(0, time.Hour), "Options.Total has a Count of 0: it must"},
		"large count": {total(1_000_001, time.Hour), "Options.Total has a Count of 1000001"},
		"no window":   {total(1, 0), "Options.Total has a Window of 0s: it must be 1s to 720h0m0s"},
		"two alike": {
			stored(func(o *sendlimit.Options) { o.Total = append(o.Total, o.Total[0]) }),
			"Options.Total has two limits with a Window of 1h0m0s"},
		"no secret": {stored(func(o *sendlimit.Options) { o.Secret = nil }),
			"Options.Secret has 0 bytes: with a Store it must have at least 32"},
		"no name": {stored(func(o *sendlimit.Options) { o.Name = "" }),
			"Options.Name has 0 bytes: with a Store it must have 1 to 128"},
		"long name": {
			stored(func(o *sendlimit.Options) { o.Name = strings.Repeat("n", 129) }),
			"Options.Name has 129 bytes"},
		"a nil store": {stored(func(o *sendlimit.Options) { o.Store = (*memstore.Store)(nil) }),
			"Options.Store is a nil pointer"},
		"a name alone": {stored(func(o *sendlimit.Options) { o.Store = nil }),
			"Options.Store is nil"},
		"long window": {perGroup(1, 721*time.Hour), "Options.PerGroup has a Window of 721h0m0s"},
	} {
		s, err := sendlimit.New(&counter{}, test.options)
		assert.Nil(t, s, name)
		assert.ErrorContains(t, err, test.want, name)
	}

	for _, next := range []otp.Sender{nil, otp.SenderFunc(nil), (*sendlimit.Sender)(nil)} {
		_, err := sendlimit.New(next, total(1, time.Second))
		require.ErrorContains(t, err, "next is nil")
	}
}

// The limits are copied: a caller that changes its slice changes nothing.
func TestOptionsAreCopied(t *testing.T) {
	limits := []otp.Limit{{Count: 1, Window: time.Hour}}
	s := newSender(t, &counter{}, sendlimit.Options{Total: limits})
	limits[0].Count = 100

	require.NoError(t, s.Send(t.Context(), otp.Message{}))
	require.ErrorIs(t, s.Send(t.Context(), otp.Message{}), sendlimit.ErrExceeded)
}
