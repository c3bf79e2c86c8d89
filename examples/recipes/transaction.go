package recipes

import (
	"context"
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
	Pay   func(context.Context, Transfer) error
}

// binding ties a code to one session and one transfer.
func binding(session string, t Transfer) string { return session + "/" + t.ID }

// Ask sends a code with what it confirms, by mail or by text message.
func (s *Transfers) Ask(ctx context.Context, to, session string, t Transfer) (otp.Status, error) {
	return s.Codes.Send(ctx, otp.Request{
		To: to, Binding: binding(session, t), Trust: otp.Known, Data: t,
	})
}

// Confirm pays. A code is accepted once, so it pays once.
func (s *Transfers) Confirm(ctx context.Context, to, session string, t Transfer,
	code, key string) error {
	err := s.Codes.Verify(ctx, otp.Submission{
		To: to, Binding: binding(session, t), Trust: otp.Known, Code: code, IdempotencyKey: key,
	})
	if err != nil { // otp.ErrRepeated: this form was accepted before. Show that transfer
		return err
	}
	return s.Pay(ctx, t)
}

// Cancel voids the code of one transfer. Those of others stay valid.
func (s *Transfers) Cancel(ctx context.Context, to, session string, t Transfer) error {
	return s.Codes.Revoke(ctx, to, binding(session, t))
}
