package sendlimit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// Groups that nobody sends to are forgotten in memory as others come.
func TestAccountsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := newShared(&Options{
			PerGroup: []otp.Limit{{Count: 10, Window: 16 * time.Minute}},
			Store:    memstore.New(nil), Secret: make([]byte, 32), Name: "sms",
		})
		require.NoError(t, err)

		for i := range 5000 { // a slot is a minute, in which 60 groups come
			require.NoError(t, s.take(t.Context(), fmt.Sprint(i)))
			time.Sleep(time.Second)
		}
		require.Less(t, len(s.accounts), 200)
	})
}
