package otphttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// findStep is what the time of Find is rounded up to.
const findStep = 25 * time.Millisecond

// find looks the account up, in a time that does not tell whether there is one.
func (f *Flow) find(r *http.Request, typed string) (to string, known bool, err error) {
	start := time.Now()
	defer func() {
		taken := time.Since(start)
		time.Sleep(taken.Truncate(findStep) + findStep - taken)
	}()

	if len(typed) > maxAddress {
		return "", false, f.invalidAddress(nil)
	}
	if _, err := otp.NormalizeAddress(typed); err != nil {
		return "", false, f.invalidAddress(err)
	}

	to, known, err = f.config.Find(r, typed)
	if errors.Is(err, otp.ErrInvalid) {
		return "", false, f.invalidAddress(err)
	}
	if err == nil && !known && to == "" {
		to = typed
	}
	return to, known, err
}

func (f *Flow) invalidAddress(cause error) error {
	p := problem(AddressInvalid)
	p.Field, p.Err = f.config.AddressField, cause
	return p
}

// sameAddress compares two typed addresses.
func (f *Flow) sameAddress(a, b string) bool {
	normalA, errA := f.config.Codes.Normalize(a)
	normalB, errB := f.config.Codes.Normalize(b)
	return errA == nil && errB == nil && normalA == normalB
}
