package recipes

import (
	"context"
	"errors"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// TransferPolicy allows more messages than the default: the person is signed in, and each transfer
// needs a code.
var TransferPolicy = otp.Policy{
	RequireBinding: true,
	Lifetime:       5 * time.Minute,
	SendLimits: []otp.Limit{
		{Count: 5, Window: time.Minute},
		{Count: 20, Window: time.Hour},
	},
}

// A Transfer is what the code confirms. It is stored, and does not change once a code was sent.
type Transfer struct {
	ID, Payee, Amount string
}

// MailDetails is what a mail shows (otpmail.Detailed). Labels go by the language.
func (t Transfer) MailDetails(string) []otpmail.Detail {
	return otpmail.Details{{Name: "To", Value: t.Payee}, {Name: "Amount", Value: t.Amount}}
}

// SMSPayment is what a text message shows (otpsms.Payer).
func (t Transfer) SMSPayment() otpsms.Payment {
	return otpsms.Payment{Amount: t.Amount, Payee: t.Payee}
}

// Transfers confirms transfers one by one.
type Transfers struct {
	Codes *otp.Service // Purpose "transfer", ConfirmTransaction, TransferPolicy

	// Confirmed marks a stored transfer as confirmed: marked twice is marked once.
	//
	//	UPDATE transfers SET confirmed = true WHERE id = $1
	//
	// A worker pays what is marked, and gives its bank the id as the idempotency key.
	Confirmed func(ctx context.Context, id string) error
}

// binding ties a code to one session and one transfer.
func binding(session string, t Transfer) string { return session + "/" + t.ID }

// Ask sends a code with what it confirms, by mail or by text message.
func (s *Transfers) Ask(ctx context.Context, to, session string, t Transfer) (otp.Status, error) {
	return s.Codes.Send(ctx, otp.Request{
		To: to, Binding: binding(session, t), Trust: otp.Known, Data: t,
	})
}

// Confirm marks the transfer. A repeat marks it again: its code was accepted before, and whether
// the mark was made then is not known.
func (s *Transfers) Confirm(ctx context.Context, to, session string, t Transfer,
	code, key string) error {
	err := s.Codes.Verify(ctx, otp.Submission{
		To: to, Binding: binding(session, t), Trust: otp.Known, Code: code, IdempotencyKey: key,
	})
	if err != nil && !errors.Is(err, otp.ErrRepeated) {
		return err
	}
	return s.Confirmed(ctx, t.ID)
}

// Cancel voids the code of one transfer. Those of others stay valid.
func (s *Transfers) Cancel(ctx context.Context, to, session string, t Transfer) error {
	return s.Codes.Revoke(ctx, to, binding(session, t))
}

// Replace is for a person who edits the transfer before it is confirmed. The code of the old one is
// voided first, or it would hold one of the MaxLiveCodes places until it expires.
func (s *Transfers) Replace(ctx context.Context, to, session string, old, t Transfer) (
	otp.Status, error) {
	if err := s.Cancel(ctx, to, session, old); err != nil {
		return otp.Status{}, err
	}
	return s.Ask(ctx, to, session, t)
}
