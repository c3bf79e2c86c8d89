package sendlimit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// A ledger holds no more than its longest window, and no group without a message in it.
func TestLedgerForgets(t *testing.T) {
	l := newLedger([]otp.Limit{{Count: 1000, Window: time.Minute}},
		[]otp.Limit{{Count: 500, Window: 10 * time.Minute}})
	now := time.Unix(0, 0)

	for i := range 5_000 {
		require.True(t, l.allow("of many", now))
		require.True(t, l.allow(fmt.Sprint(i), now))
		now = now.Add(2 * time.Second)
	}
	require.Len(t, l.all, 600)
	require.Len(t, l.groups, 301)
	require.Len(t, l.groups["of many"], 300)

	require.True(t, l.allow("last", now.Add(time.Hour)))
	require.Len(t, l.all, 1)
	require.Len(t, l.groups, 1)
}
