package recipes

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes, inbox := otptest.New(t, otp.Config{})
		payload, err := json.Marshal(Job{
			To: "ada@example.com", Binding: "session", Trust: otp.Known,
		})
		require.NoError(t, err)

		time.Sleep(time.Hour) // in the queue
		require.NoError(t, Do(t.Context(), codes, payload))
		require.NoError(t, Do(t.Context(), codes, payload), "delivered twice, mailed once")
		require.Len(t, inbox.Messages(), 1)

		require.NoError(t, codes.Verify(t.Context(), otp.Submission{
			To: "ada@example.com", Binding: "session", Trust: otp.Known,
			Code: inbox.Code(t, "ada@example.com"),
		}))
	})
}

func TestQueueTriesAgain(t *testing.T) {
	first := func(c otptest.StoreCall) (fault otptest.StoreFault) {
		if c.N <= 2 { // the swap, and the look whether the store is there
			fault.Before = otptest.ErrInjected
		}
		return fault
	}
	store := &otptest.FaultyStore{Store: memstore.New(nil), Fault: first}
	codes, inbox := otptest.New(t, otp.Config{Store: store})
	payload := []byte(`{"To": "ada@example.com"}`)

	require.ErrorIs(t, Do(t.Context(), codes, payload), otptest.ErrInjected)
	require.NoError(t, Do(t.Context(), codes, payload))
	require.Len(t, inbox.Messages(), 1)
	require.ErrorContains(t, Do(t.Context(), codes, []byte("{")), "bad job")

	// What another try would not mend, or count again, is done.
	require.NoError(t, Do(t.Context(), codes, []byte("{}")))
	inbox.Fail(otp.ErrNotSent)
	require.NoError(t, Do(t.Context(), codes, []byte(`{"To": "grace@example.com"}`)))
}
