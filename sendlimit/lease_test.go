package sendlimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/lease"
)

// A lease is what was asked for, but at most a 16th of what is left or a thousandth of the limit.
func TestLeaseSizes(t *testing.T) {
	var r lease.Record
	size := func(want int) int { return r.Take(100, want, 3000, lease.Lease{}).Size }

	require.Equal(t, 1, size(1))
	require.Equal(t, 187, size(500)) // of 2999
	require.Equal(t, 2, size(2))
	for left := 2810; left > 10; left -= 2 {
		require.Equal(t, 2, size(2))
	}
	require.Equal(t, 3, size(500))
	require.Equal(t, 3, size(500))
	require.Equal(t, 3, size(500))
	require.Equal(t, 1, size(500))
	require.Zero(t, size(1))
}

// A message counts in its slot and the seventeen after it. What was given back counts no more,
// unless it has gone by then.
func TestLeasesCounted(t *testing.T) {
	var r lease.Record
	take := func(slot lease.Slot, back lease.Lease) lease.Lease { return r.Take(slot, 4, 4, back) }

	for range 4 {
		require.Equal(t, lease.Lease{Slot: 100, Size: 1}, take(100, lease.Lease{}))
	}
	require.Zero(t, take(117, lease.Lease{}).Size)
	require.Equal(t, lease.Lease{Slot: 117, Size: 1}, take(117, lease.Lease{Slot: 100, Size: 1}))
	require.Zero(t, take(117, lease.Lease{}).Size)

	// A clock that is behind counts in the newest slot.
	require.Equal(t, lease.Lease{Slot: 117, Size: 1}, take(116, lease.Lease{Slot: 100, Size: 1}))
	require.Equal(t, lease.Lease{Slot: 118, Size: 1}, take(118, lease.Lease{Slot: 100, Size: 2}))
	require.Equal(t, lease.Lease{Slot: 118, Size: 1}, take(118, lease.Lease{}))
	require.Zero(t, take(118, lease.Lease{}).Size)
	require.Equal(t, lease.Lease{Slot: 1000, Size: 1}, take(1000, lease.Lease{Slot: 118, Size: 9}))
}

// A record is stored as it is, and in the same number of bytes from the first lease on.
func TestLeaseRecord(t *testing.T) {
	empty, err := lease.Decode(nil)
	require.NoError(t, err)
	require.Equal(t, lease.Record{}, empty)

	r := empty
	slot := lease.SlotOf(time.Now(), time.Hour)
	r.Take(slot, 1000, 1_000_000, lease.Lease{})
	r.Take(slot+3, 2000, 1_000_000, lease.Lease{})
	value := r.Encode()
	require.Len(t, value, len(empty.Encode()))
	again, err := lease.Decode(value)
	require.NoError(t, err)
	require.Equal(t, r, again)

	later := append([]byte{2}, value[1:]...)
	for _, bad := range [][]byte{value[1:], append(value, 0), later, {1}} {
		_, err := lease.Decode(bad)
		require.Error(t, err, "%x", bad)
	}
}

// Slots are a sixteenth of the window, and the record outlives what counts in it.
func TestLeaseSlots(t *testing.T) {
	const window = time.Hour
	at := time.Unix(1_700_000_000, 0)
	slot := lease.SlotOf(at, window)

	end := slot.End(window)
	require.True(t, end.After(at))
	require.LessOrEqual(t, end.Sub(at), window/16)
	require.Equal(t, slot, lease.SlotOf(end.Add(-1), window))
	require.Equal(t, slot+1, lease.SlotOf(end, window))

	var r lease.Record
	r.Take(slot, 1, 1, lease.Lease{})
	require.True(t, r.Expires(window).After((slot + 18).End(window)))
	require.LessOrEqual(t, r.Expires(window).Sub(at), window*20/16)
}
