package ruletest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const (
	ada  = "ada@example.com"
	day  = 24 * time.Hour
	tick = time.Nanosecond
)

var testSecret = bytes.Repeat([]byte("secret"), 6)

// often allows so many sends that no test runs into the limit by accident.
var often = []otp.Limit{{Count: 60, Window: time.Second}}

// slower is how much more than usual the race detector may take of what is measured.
var slower = 1

// In FIPS mode the first randomness comes from the jitter of the clock, which stands still in a
// bubble of testing/synctest. Drawing some here, outside of any bubble, seeds the generator.
func init() { rand.Text() }

// wrong returns a code of the same shape that differs from code. n varies it.
func wrong(code string, n int) string {
	b := []byte(code)
	b[0] = '0' + (b[0]-'0'+1+byte(n%9))%10
	return string(b)
}

// A fixture is one instance of a service. Its methods are calls, for ada unless the argument says
// otherwise, and end the test unless the outcome is the one wanted.
type fixture struct {
	*otp.Service
	in *otptest.Inbox
	t  testing.TB
}

// start starts an instance. A policy without SendLimits allows so many that no test runs into them
// by accident.
func start(t testing.TB, c otp.Config) *fixture {
	t.Helper()

	if c.Policy.SendLimits == nil {
		c.Policy.SendLimits = often
	}
	s, in := otptest.New(t, c)
	return &fixture{s, in, t}
}

// sent returns the code that was sent and the Status.
func (f *fixture) sent(r otp.Request) (code string, status otp.Status) {
	f.t.Helper()

	if r.To == "" {
		r.To = ada
	}
	status, err := f.Send(f.t.Context(), r)
	require.NoError(f.t, err)
	return f.in.Code(f.t, r.To), status
}

// send returns the code that was sent for a Binding.
func (f *fixture) send(binding string) string {
	f.t.Helper()
	code, _ := f.sent(otp.Request{Binding: binding})
	return code
}

// refused returns the Status of a Send that is refused.
func (f *fixture) refused(binding string, want error) otp.Status {
	f.t.Helper()
	status, err := f.Send(f.t.Context(), otp.Request{To: ada, Binding: binding})
	require.ErrorIs(f.t, err, want)
	return status
}

func (f *fixture) submit(binding, code string, want error) {
	f.t.Helper()
	require.ErrorIs(f.t, submitBound(f.t, f.Service, binding, code), want)
}

func (f *fixture) verify(sub otp.Submission, want error) {
	f.t.Helper()
	require.ErrorIs(f.t, f.Verify(f.t.Context(), sub), want)
}

// miss submits so many wrong codes.
func (f *fixture) miss(binding, code string, times int) {
	f.t.Helper()
	for i := range times {
		f.submit(binding, wrong(code, i), otp.ErrMismatch)
	}
}

// exhaust submits wrong codes until the code no longer works.
func (f *fixture) exhaust(sub otp.Submission) {
	f.t.Helper()

	code := sub.Code
	for i := 0; ; i++ {
		sub.Code = wrong(code, i)

		err := f.Verify(f.t.Context(), sub)
		if errors.Is(err, otp.ErrExhausted) {
			return
		}
		require.ErrorIs(f.t, err, otp.ErrMismatch)
	}
}

// submit submits for ada, without a Binding.
func submit(t testing.TB, s *otp.Service, code string) error {
	return submitBound(t, s, "", code)
}

// submitBound submits for ada with a Binding.
func submitBound(t testing.TB, s *otp.Service, binding, code string) error {
	return s.Verify(t.Context(), otp.Submission{To: ada, Binding: binding, Code: code})
}

// wantNotJudged ends the test unless err says that a submission was not judged.
func wantNotJudged(t testing.TB, err error) {
	t.Helper()

	require.Error(t, err)
	require.NotErrorIs(t, err, otp.ErrRejected)
	require.NotErrorIs(t, err, otp.ErrRepeated)
}

// rejection returns the Status of a rejection.
func rejection(t testing.TB, err error) otp.Status {
	t.Helper()

	rejected, ok := errors.AsType[*otp.RejectedError](err)
	require.True(t, ok, "got %v, want a RejectedError", err)
	return rejected.Status
}

// A table is a Store whose values a test can look at and change. It never drops one, as DynamoDB
// may not for days. Two Services on one table are two instances on one database.
type table struct {
	mu     sync.Mutex
	values map[string][]byte
	until  time.Time // until when the last swap that won keeps its value
	calls  []string  // "load" and "swap", with "+" where a value was found or the swap won
	onSwap func()    // runs before a swap, without the lock
}

func newTable() *table { return &table{values: map[string][]byte{}} }

func (s *table) Load(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.calls = append(s.calls, "load"+mark(s.values[key] != nil))
	return s.values[key], nil
}

func (s *table) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if s.onSwap != nil {
		s.onSwap()
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if err := ctx.Err(); err != nil {
		return false, err
	}

	equal := bytes.Equal(s.values[key], old)
	if equal {
		s.values[key], s.until = bytes.Clone(new), expires
	}
	s.calls = append(s.calls, "swap"+mark(equal))
	return equal, nil
}

func mark(yes bool) string {
	if yes {
		return "+"
	}
	return "-"
}

// took returns the calls since it was last called.
func (s *table) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	calls := s.calls
	s.calls = nil
	return calls
}

// failing wraps a Store so that calls of one method fail while *on: before they reach the Store, or
// after.
func failing(store otp.Store, method string, late bool, on *bool) otp.Store {
	fault := func(c otptest.StoreCall) (f otptest.StoreFault) {
		switch {
		case !*on || c.Method != method && method != "":
		case late:
			f.After = otptest.ErrInjected
		default:
			f.Before = otptest.ErrInjected
		}
		return f
	}
	return &otptest.FaultyStore{Store: store, Fault: fault}
}

// slow wraps a Store so that each call takes its time, unless the context ends before.
func slow(store otp.Store, takes time.Duration) otp.Store {
	return &otptest.FaultyStore{Store: store, Fault: func(otptest.StoreCall) otptest.StoreFault {
		return otptest.StoreFault{Delay: takes}
	}}
}

// parallel runs n calls at once, from behind a gate, and returns their errors.
func parallel(n int, call func(i int) error) []error {
	errs := make([]error, n)
	gate := make(chan struct{})

	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-gate
			errs[i] = call(i)
		})
	}
	close(gate)
	done.Wait()
	return errs
}

// tally counts errors, those of rejections by their reason.
func tally(errs []error) map[error]int {
	counts := map[error]int{}
	for _, err := range errs {
		if rejected, ok := errors.AsType[*otp.RejectedError](err); ok {
			err = rejected.Reason
		}
		counts[err]++
	}
	return counts
}
