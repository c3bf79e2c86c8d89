package recipes

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

// newTransfers returns Transfers that mark a table: which transfers are confirmed, by id. While
// *failure is set, marking fails.
func newTransfers(t *testing.T) (s Transfers, inbox *otptest.Inbox, table map[string]bool,
	failure *error) {
	codes, inbox := otptest.New(t, otp.Config{
		Purpose: "transfer", Kind: otp.ConfirmTransaction, Policy: TransferPolicy,
	})
	table, failure = map[string]bool{}, new(error)
	return Transfers{codes, func(_ context.Context, id string) error {
		if *failure == nil {
			table[id] = true
		}
		return *failure
	}}, inbox, table, failure
}

func TestTransfers(t *testing.T) {
	s, inbox, table, _ := newTransfers(t)
	const session = "session"

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
	require.Equal(t, map[string]bool{toAlan.ID: true}, table)
}

// A transfer whose code was accepted is paid, although the mark failed at first. Marking it again
// makes no second payment.
func TestTransferIsPaidAfterAll(t *testing.T) {
	s, inbox, table, failure := newTransfers(t)
	*failure = errors.New("the database is down")
	transfer := Transfer{"1", "Grace", "€250.00"}
	_, err := s.Ask(t.Context(), ada, "session", transfer)
	require.NoError(t, err)
	confirm := func(key string) error {
		return s.Confirm(t.Context(), ada, "session", transfer, inbox.Code(t, ada), key)
	}

	require.ErrorIs(t, confirm("key"), *failure)
	*failure = nil
	require.NoError(t, confirm("key"), "a retry")
	require.NoError(t, confirm("key"), "a double click")
	require.ErrorIs(t, confirm("another key"), otp.ErrUsed)
	require.Equal(t, map[string]bool{"1": true}, table)
}

// A person edits the transfer as often as the limits on messages allow.
func TestReplaceTransfer(t *testing.T) {
	s, inbox, table, _ := newTransfers(t)
	latest := Transfer{"0", "Grace", "€250.00"}
	_, err := s.Ask(t.Context(), ada, "session", latest)
	require.NoError(t, err)
	first := inbox.Code(t, ada)

	for _, id := range []string{"1", "2", "3", "4"} {
		edited := Transfer{id, "Grace", "€240.00"}
		_, err := s.Replace(t.Context(), ada, "session", latest, edited)
		require.NoError(t, err, id)
		latest = edited
	}

	require.Error(t, s.Confirm(t.Context(), ada, "session", Transfer{ID: "0"}, first, "a"))
	require.NoError(t,
		s.Confirm(t.Context(), ada, "session", latest, inbox.Code(t, ada), "b"))
	require.Equal(t, map[string]bool{"4": true}, table)
}
