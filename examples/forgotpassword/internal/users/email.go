package users

import (
	"cmp"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// Normalize returns what accounts are found by, and what codes go by: the form of package otpmail.
// Its error can be shown: it does not repeat the address.
func Normalize(email string) (string, error) { return otpmail.Normalize(email) }

// key is Normalize for addresses that are known to be some. Another text is the key of nobody.
func key(email string) string {
	normal, _ := Normalize(email)
	return cmp.Or(normal, email)
}
