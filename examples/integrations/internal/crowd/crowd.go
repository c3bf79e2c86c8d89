// Package crowd tests what a store is for: that codes are accepted once, and guesses counted, whatever comes at a time.
package crowd

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const size = 300

// Test submits a right code 300 times at once, which must be accepted once, and 300 wrong ones, of which MaxAttempts
// must be compared.
func Test(t *testing.T, store otp.Store) {
	const attempts = 5
	service, inbox := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{MaxAttempts: attempts}})
	send := func(to string) (code string) {
		t.Helper()
		if _, err := service.Send(t.Context(), otp.Request{To: to}); err != nil {
			t.Fatal(err)
		}
		return inbox.Code(t, to)
	}
	submit := func(to string, code func(i int) string) (accepted, used, compared, exhausted int) {
		t.Helper()
		errs := make([]error, size)
		gate := make(chan struct{})
		var done sync.WaitGroup
		for i := range size {
			done.Go(func() {
				<-gate
				errs[i] = service.Verify(t.Context(), otp.Submission{To: to, Code: code(i)})
			})
		}
		close(gate)
		done.Wait()
		for _, err := range errs {
			switch {
			case err == nil:
				accepted++
			case errors.Is(err, otp.ErrUsed):
				used++
			case errors.Is(err, otp.ErrMismatch):
				compared++
			case errors.Is(err, otp.ErrExhausted):
				exhausted++
			default:
				t.Errorf("a submission could not be judged: %v", err)
			}
		}
		return accepted, used, compared, exhausted
	}

	code := send("right@example.com")
	if accepted, used, _, _ := submit("right@example.com", func(int) string { return code }); accepted != 1 || used != size-1 {
		t.Errorf("of %d right submissions, %d were accepted and %d refused as used", size, accepted, used)
	}
	code = send("wrong@example.com")
	guess := func(i int) string { return fmt.Sprint((code[0]-'0'+1)%10) + fmt.Sprintf("%05d", i) }
	if _, _, compared, exhausted := submit("wrong@example.com", guess); compared != attempts || exhausted != size-attempts {
		t.Errorf("of %d wrong submissions, %d were compared and %d refused unseen", size, compared, exhausted)
	}
	err := service.Verify(t.Context(), otp.Submission{To: "wrong@example.com", Code: code})
	if !errors.Is(err, otp.ErrExhausted) {
		t.Errorf("the right code afterwards: %v", err)
	}
}
