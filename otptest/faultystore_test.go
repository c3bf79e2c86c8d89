package otptest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// always returns a chooser of always the same fault.
func always(f otptest.Fault) func(otptest.Call) otptest.Fault {
	return func(otptest.Call) otptest.Fault { return f }
}

// In these tests, "a" is created through a FaultyStore, and then seen or not in the store behind it.
func TestFaultyStoreSwap(t *testing.T) {
	errFault := errors.New("fault")
	for _, test := range []struct {
		name        string
		fault       func(otptest.Call) otptest.Fault
		wantSwapped bool
		wantErr     error
		wantValue   string
		wantTime    time.Duration
	}{
		{"no chooser", nil, true, nil, "v", 0},
		{"no fault", always(otptest.Fault{}), true, nil, "v", 0},
		{"before", always(otptest.Fault{Before: errFault}), false, errFault, "", 0},
		{"after", always(otptest.Fault{After: errFault}), false, errFault, "v", 0},
		{"before and after", always(otptest.Fault{Before: errFault, After: errors.New("other")}), false, errFault, "", 0},
		{"delays", always(otptest.Fault{Delay: time.Second, ReplyDelay: 2 * time.Second}), true, nil, "v", 3 * time.Second},
		{"late fault", always(otptest.Fault{ReplyDelay: 2 * time.Second, After: errFault}), false, errFault, "v", 2 * time.Second},
		{"context ends in Delay", always(otptest.Fault{Delay: time.Hour}), false, context.DeadlineExceeded, "", time.Minute},
		{"context ends in ReplyDelay", always(otptest.Fault{ReplyDelay: time.Hour}), false, context.DeadlineExceeded, "v", time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				behind := memstore.New(nil)
				s := &otptest.FaultyStore{Store: behind, Fault: test.fault}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				swapped, err := s.CompareAndSwap(ctx, "a", nil, []byte("v"), time.Time{})
				took := time.Since(start)
				if swapped != test.wantSwapped || err != test.wantErr || took != test.wantTime {
					t.Errorf("got %v, %v after %v; want %v, %v after %v", swapped, err, took, test.wantSwapped, test.wantErr, test.wantTime)
				}
				if value, _ := behind.Load(t.Context(), "a"); string(value) != test.wantValue {
					t.Errorf("the store behind holds %q, want %q", value, test.wantValue)
				}
			})
		})
	}
}

func TestFaultyStoreLoad(t *testing.T) {
	errFault := errors.New("fault")
	behind := memstore.New(nil)
	behind.CompareAndSwap(t.Context(), "a", nil, []byte("v"), time.Time{})
	for _, test := range []struct {
		name    string
		fault   otptest.Fault
		want    string
		wantErr error
	}{
		{"none", otptest.Fault{}, "v", nil},
		{"before", otptest.Fault{Before: errFault}, "", errFault},
		{"after", otptest.Fault{After: errFault}, "", errFault},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &otptest.FaultyStore{Store: behind, Fault: always(test.fault)}
			if value, err := s.Load(t.Context(), "a"); string(value) != test.want || err != test.wantErr {
				t.Errorf("got %q, %v; want %q, %v", value, err, test.want, test.wantErr)
			}
		})
	}
}

func TestFaultyStoreNamesTheCall(t *testing.T) {
	var calls []otptest.Call
	s := &otptest.FaultyStore{Store: memstore.New(nil), Fault: func(c otptest.Call) otptest.Fault {
		calls = append(calls, c)
		return otptest.Fault{}
	}}
	s.Load(t.Context(), "a")
	s.CompareAndSwap(t.Context(), "b", nil, []byte("v"), time.Time{})
	s.Load(t.Context(), "b")
	want := []otptest.Call{{"Load", 1, "a"}, {"CompareAndSwap", 2, "b"}, {"Load", 3, "b"}}
	if !slices.Equal(calls, want) {
		t.Errorf("got %v, want %v", calls, want)
	}
}

// An error of the store behind is no fault: it comes through.
func TestFaultyStoreReturnsErrorsOfTheStore(t *testing.T) {
	s := &otptest.FaultyStore{Store: memstore.New(&memstore.Options{MaxEntries: 1})}
	for _, want := range []error{nil, memstore.ErrFull} {
		if _, err := s.CompareAndSwap(t.Context(), rand.Text(), nil, []byte("v"), time.Time{}); err != want {
			t.Errorf("got error %v, want %v", err, want)
		}
	}
}

func TestRandomFaults(t *testing.T) {
	const n, rate, maxDelay = 10_000, 0.3, time.Second
	choose := otptest.RandomFaults(1, rate, maxDelay)
	same, other := otptest.RandomFaults(1, rate, maxDelay), otptest.RandomFaults(2, rate, maxDelay)
	var before, after, differ int
	var delay, replyDelay time.Duration
	for range n {
		f := choose(otptest.Call{})
		if f != same(otptest.Call{}) {
			t.Fatal("the same seed gives other faults")
		}
		if f != other(otptest.Call{}) {
			differ++
		}
		switch {
		case f.Before == otptest.ErrInjected && f.After == nil:
			before++
		case f.After == otptest.ErrInjected && f.Before == nil:
			after++
		case f.Before != nil || f.After != nil:
			t.Fatalf("got fault %v", f)
		}
		if min(f.Delay, f.ReplyDelay) < 0 || max(f.Delay, f.ReplyDelay) > maxDelay {
			t.Fatalf("got delays %v and %v, want 0 to %v", f.Delay, f.ReplyDelay, maxDelay)
		}
		delay, replyDelay = max(delay, f.Delay), max(replyDelay, f.ReplyDelay)
	}
	if differ == 0 {
		t.Error("another seed gives the same faults")
	}
	for _, count := range []int{before, after} { // 1500 each, 36 the standard deviation
		if count < 1300 || count > 1700 {
			t.Errorf("of %d calls, %d fail before and %d after, want about 15 %% each", n, before, after)
		}
	}
	if min(delay, replyDelay) < maxDelay*9/10 {
		t.Errorf("the longest delays are %v and %v, want almost %v", delay, replyDelay, maxDelay)
	}
}

func TestRandomFaultsNoneAndAll(t *testing.T) {
	none, all := otptest.RandomFaults(1, 0, 0), otptest.RandomFaults(1, 1, 0)
	for range 1000 {
		if f := none(otptest.Call{}); f != (otptest.Fault{}) {
			t.Fatalf("rate 0: got fault %v", f)
		}
		if f := all(otptest.Call{}); f.Before == nil && f.After == nil {
			t.Fatal("rate 1: got no fault")
		}
	}
}

func TestFaultyStoreIsSafeForConcurrentUse(t *testing.T) {
	s := &otptest.FaultyStore{Store: memstore.New(nil), Fault: otptest.RandomFaults(1, 0.5, 0)}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			s.Load(t.Context(), "a")
			s.CompareAndSwap(t.Context(), "a", nil, []byte("v"), time.Time{})
		})
	}
	wg.Wait()
}
