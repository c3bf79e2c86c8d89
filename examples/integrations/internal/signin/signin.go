// Package signin uses a store as a service does. The commands of this module differ in their stores
// only.
package signin

import (
	"context"
	"crypto/rand"

	"github.com/seed-5978b5f1/otp"
)

// Run sends a code and accepts it.
func Run(ctx context.Context, store otp.Store) error {
	var code string
	mail := func(_ context.Context, m otp.Message) error {
		code = m.Code.Reveal() // a mail, in production
		return nil
	}

	logins, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(rand.Text() + rand.Text()), // in production, kept: see otp.ParseKey
		Store:   store,
		Sender:  otp.SenderFunc(mail),
	})
	if err != nil {
		return err
	}

	if _, err := logins.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		return err
	}
	return logins.Verify(ctx, otp.Submission{To: "ada@example.com", Code: code})
}
