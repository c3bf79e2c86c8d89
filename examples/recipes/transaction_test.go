package recipes

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestTransfers(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{
		Purpose: "transfer", Kind: otp.ConfirmTransaction, Policy: TransferPolicy,
	})
	var paid []Transfer
	s := Transfers{codes, func(_ context.Context, transfer Transfer) error {
		paid = append(paid, transfer)
		return nil
	}}
	const ada, session = "ada@example.com", "session"

	toGrace, toAlan := Transfer{"1", "Grace", "€250.00"}, Transfer{"2", "Alan", "€90.00"}
	confirm := func(transfer Transfer, code, key string) error {
		return s.Confirm(t.Context(), ada, session, transfer, code, key)
	}
	ask := func(transfer Transfer) (code string) {
		_, err := s.Ask(t.Context(), ada, session, transfer)
		require.NoError(t, err)
		return inbox.Code(t, ada)
	}
	graceCode, alanCode := ask(toGrace), ask(toAlan)

	// The mail and the text message show what is confirmed, from one Data.
	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	require.NoError(t, err)
	mail, err := mails.Render(inbox.Messages()[0])
	require.NoError(t, err)
	require.Contains(t, mail.Text, "€250.00")
	require.Contains(t, mail.Text, "Grace")
	text, err := otpsms.Text(inbox.Messages()[0], otpsms.Options{Product: "Acme"})
	require.NoError(t, err)
	require.Contains(t, text, "€250.00")
	require.Contains(t, text, "Grace")

	// A code confirms its own transfer, once, and canceling one leaves the other.
	require.ErrorIs(t, confirm(toAlan, graceCode, "a"), otp.ErrMismatch)
	require.NoError(t, s.Cancel(t.Context(), ada, session, toGrace))
	require.ErrorIs(t, confirm(toGrace, graceCode, "b"), otp.ErrNoCode)
	require.NoError(t, confirm(toAlan, alanCode, "c"))
	require.ErrorIs(t, confirm(toAlan, alanCode, "c"), otp.ErrRepeated)
	require.Equal(t, []Transfer{toAlan}, paid)
}
