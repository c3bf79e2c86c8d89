package otp_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Instances of two versions of a service work on the same records while one replaces the other.

func TestCodeKeysRotateWithoutLosingACode(t *testing.T) {
	secret, a, b := testSecret, bytes.Repeat([]byte{'a'}, 32), bytes.Repeat([]byte{'b'}, 32)
	versions := []otp.Keys{nil, {secret}, {secret, a}, {a, secret}, {a}, {a, b}, {b, a}, {b}}
	for i := 1; i < len(versions); i++ {
		for _, oldIssues := range []bool{true, false} {
			t.Run(fmt.Sprintf("from version %d to %d, the old one issues: %v", i-1, i, oldIssues), func(t *testing.T) {
				store := newTable()
				issuer, in := otptest.New(t, otp.Config{Secret: secret, Store: store, CodeKeys: versions[i-1], Policy: otp.Policy{SendLimits: often}})
				other, otherIn := otptest.New(t, otp.Config{Secret: secret, Store: store, CodeKeys: versions[i], Policy: otp.Policy{SendLimits: often}})
				if !oldIssues {
					issuer, in, other, otherIn = other, otherIn, issuer, in
				}
				code, _ := send(t, issuer, in, otp.Request{To: ada})
				again, _ := send(t, other, otherIn, otp.Request{To: ada})
				if again != code {
					t.Error("the other version sends another code")
				}
				want(t, "a wrong code", submit(t, other, wrong(code, 0)), otp.ErrMismatch)
				want(t, "the code", submit(t, other, code), nil)
			})
		}
	}
}

// A code whose key is unknown is neither right nor wrong, and does not keep the person from getting another one.
func TestUnknownCodeKey(t *testing.T) {
	a, b := bytes.Repeat([]byte{'a'}, 32), bytes.Repeat([]byte{'b'}, 32)
	store := newTable()
	config := otp.Config{Secret: testSecret, Store: store, CodeKeys: otp.Keys{a}, Policy: otp.Policy{SendLimits: often}}
	issuer, in := otptest.New(t, config)
	config.CodeKeys = otp.Keys{b}
	other, otherIn := otptest.New(t, config)

	code, _ := send(t, issuer, in, otp.Request{To: ada})
	store.took()
	for range 10 {
		wantNotJudged(t, "the code where its key is unknown", submit(t, other, code))
	}
	for _, call := range store.took() {
		if call != "load+" {
			t.Fatalf("a submission that cannot be compared causes %q", call)
		}
	}
	fresh, _ := send(t, other, otherIn, otp.Request{To: ada})
	// Both codes are live now. A submission that is not the fresh one may be the other: paid for, but not "wrong".
	wantNotJudged(t, "the older code", submit(t, other, code))
	status, err := other.Status(t.Context(), ada, "")
	want(t, "Status", err, nil)
	if status.AttemptsLeft != 4 {
		t.Errorf("%d attempts left, want 4", status.AttemptsLeft)
	}
	want(t, "the fresh code", submit(t, other, fresh), nil)
}

func TestAnotherSecretKnowsNothing(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Secret: testSecret, Store: store})
	code, _ := send(t, s, in, otp.Request{To: ada})
	other, _ := otptest.New(t, otp.Config{Secret: bytes.Repeat([]byte{9}, 32), Store: store})
	want(t, "the code under another Secret", submit(t, other, code), otp.ErrNoCode)
	purpose, _ := otptest.New(t, otp.Config{Secret: testSecret, Store: store, Purpose: "other"})
	want(t, "the code for another Purpose", submit(t, purpose, code), otp.ErrNoCode)
	if s.Subject(ada) == purpose.Subject(ada) || s.Subject(ada) == other.Subject(ada) || s.Subject(ada) != s.Subject(" ADA@example.com") || s.Subject("") != "" {
		t.Error("Subject does not depend on Secret, Purpose and identity alone")
	}
}

func TestPoliciesDuringARollOut(t *testing.T) {
	services := func(t *testing.T, before, after otp.Policy) (old, new *otp.Service, oldIn, newIn *otptest.Inbox) {
		store := newTable()
		old, oldIn = otptest.New(t, otp.Config{Secret: testSecret, Store: store, Policy: before})
		new, newIn = otptest.New(t, otp.Config{Secret: testSecret, Store: store, Policy: after})
		return old, new, oldIn, newIn
	}

	t.Run("longer codes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			old, new, oldIn, newIn := services(t, otp.Policy{SendLimits: often}, otp.Policy{SendLimits: often, Length: 8})
			short, _ := send(t, old, oldIn, otp.Request{To: ada})
			again, _ := send(t, new, newIn, otp.Request{To: ada})
			if again != short {
				t.Error("the live code is not sent again")
			}
			time.Sleep(6 * time.Minute)
			long, _ := send(t, new, newIn, otp.Request{To: ada})
			if len(long) != 8 {
				t.Fatalf("the new code has %d digits", len(long))
			}
			want(t, "a wrong code of the new length on the old version", submit(t, old, wrong(long, 0)), otp.ErrMismatch)
			want(t, "the short code on the new version", submit(t, new, short), nil)
			long, _ = send(t, new, newIn, otp.Request{To: ada})
			want(t, "the long code on the old version", submit(t, old, long), nil)
		})
	})

	t.Run("another alphabet", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			old, new, oldIn, newIn := services(t, otp.Policy{SendLimits: often}, otp.Policy{SendLimits: often, Alphabet: otp.Letters})
			send(t, old, oldIn, otp.Request{To: ada})
			letters, _ := send(t, new, newIn, otp.Request{To: ada})
			want(t, "a code that the old version cannot read", submit(t, old, letters), otp.ErrMalformed)
			want(t, "the same on the new version", submit(t, new, letters), nil)
		})
	})

	t.Run("fewer attempts and codes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			old, new, oldIn, newIn := services(t, otp.Policy{SendLimits: often}, otp.Policy{SendLimits: often, MaxAttempts: 2, LiveCodes: 1})
			code, _ := send(t, old, oldIn, otp.Request{To: ada})
			for range 2 { // a code keeps the attempts it was issued with
				want(t, "wrong code", submit(t, new, wrong(code, 0)), otp.ErrMismatch)
			}
			want(t, "Revoke on the new version", new.Revoke(t.Context(), ada), nil)
			want(t, "the code on the old version", submit(t, old, code), otp.ErrNoCode)
			for range 4 {
				fresh, _ := send(t, new, newIn, otp.Request{To: ada})
				submit(t, old, wrong(fresh, 0))
				submit(t, old, wrong(fresh, 0))
				want(t, "right code on the old version", submit(t, old, fresh), otp.ErrExhausted)
			}
			fresh, _ := send(t, new, newIn, otp.Request{To: ada})
			want(t, "the person", submit(t, new, fresh), nil)
		})
	})

	t.Run("longer windows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			old, new, oldIn, newIn := services(t,
				otp.Policy{SendLimits: []otp.Limit{{Count: 3, Window: time.Minute}}}, otp.Policy{SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}}})
			send(t, new, newIn, otp.Request{To: ada})
			send(t, new, newIn, otp.Request{To: ada})
			time.Sleep(2 * time.Minute)
			send(t, old, oldIn, otp.Request{To: ada}) // the first two do not count here, and must not be forgotten
			_, err := new.Send(t.Context(), otp.Request{To: ada})
			want(t, "a fourth in the hour", err, otp.ErrLimited)
			for range 40 { // nor does what is kept ever get in the way
				time.Sleep(time.Minute)
				send(t, old, oldIn, otp.Request{To: ada})
			}
		})
	})

	t.Run("a shorter memory of failures", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			old, new, oldIn, newIn := services(t, otp.Policy{SendLimits: often, MaxFailures: 9}, otp.Policy{SendLimits: often, MaxFailures: 9, RememberFailures: time.Hour})
			code, _ := send(t, old, oldIn, otp.Request{To: ada})
			for range 5 {
				submit(t, old, wrong(code, 0))
			}
			time.Sleep(time.Hour)
			send(t, new, newIn, otp.Request{To: ada}) // writes, and must not forget for the old version
			time.Sleep(10 * time.Minute)
			_, err := old.Send(t.Context(), otp.Request{To: ada})
			want(t, "the old version", err, otp.ErrLocked)
		})
	})
}

// A clock that is ahead makes times in the state lie in the future; they count as now.
func TestTimesInTheFutureCountAsNow(t *testing.T) {
	values := newTable()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10 * time.Second) // this instance is ten seconds ahead
		s, in := otptest.New(t, otp.Config{Secret: testSecret, Store: values})
		code, _ := send(t, s, in, otp.Request{To: ada})
		submit(t, s, wrong(code, 0))
	})
	synctest.Test(t, func(t *testing.T) {
		s, _ := otptest.New(t, otp.Config{Secret: testSecret, Store: values})
		status, err := s.Send(t.Context(), otp.Request{To: ada})
		want(t, "Send at a time before the last one", err, otp.ErrLimited)
		if !status.Live || status.AttemptsLeft != 4 || !status.RetryAt.Equal(time.Now().Add(70*time.Second)) {
			t.Errorf("Status %+v", status)
		}
	})
}
