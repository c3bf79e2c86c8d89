// Package lease keeps a limit over many instances: so many messages in any period of its window.
// The instances share a [Record], which they change by compare-and-swap. Each takes a [Lease] of
// some messages from it and spends that alone.
//
// Time is cut into slots, of which a window has [Slots]. What an instance takes is counted in the
// slot of then, and may only be spent in that slot. It is counted for Slots+2 slots: a period of
// the window's length touches one more than a window has, and one is for clocks that differ by up
// to a slot. So no such period sees more messages than the limit, and what left comes back after a
// window and one to two slots.
package lease

import (
	"encoding/binary"
	"errors"
	"time"
)

const (
	// Slots is the number of slots of a window.
	Slots = 16

	// counted is for how many slots a message counts.
	counted = Slots + 2

	// A lease takes at most a 16th of what is left, or a thousandth of the limit if that is more.
	// This bounds what instances can leave unspent, and how often they have to ask.
	shareOfLeft  = 16
	shareOfLimit = 1000
)

// A Slot is a piece of time, by its number since 1970.
type Slot int64

// SlotOf returns the slot that t is in, of a limit with the window.
func SlotOf(t time.Time, window time.Duration) Slot {
	return Slot(t.UnixNano() / int64(window/Slots))
}

// End returns when the slot ends, without a reading of the monotonic clock.
func (s Slot) End(window time.Duration) time.Time {
	return time.Unix(0, int64(s+1)*int64(window/Slots))
}

// A Lease allows Size messages in a slot.
type Lease struct {
	Slot Slot
	Size int
}

// A Record is what all instances have taken. The zero value is that of a limit that nobody has
// taken from.
type Record struct {
	newest Slot
	taken  [counted]uint32 // by slot, the newest first
}

// Take gives back what is left of an earlier lease, and takes a new one of at most want messages:
// one at least, unless the limit of count is used up. A lease is given back at most once, whatever
// became of the swap that told so: it may have won.
//
// now is the slot by the clock of the instance. The lease is of the newest slot that any instance
// has seen.
func (r *Record) Take(now Slot, want, count int, back Lease) Lease {
	r.advance(now)
	if age := r.newest - back.Slot; age >= 0 && age < counted {
		r.taken[age] -= min(r.taken[age], uint32(back.Size))
	}

	left := count - r.sum()
	size := min(want, max(left/shareOfLeft, count/shareOfLimit, 1), max(left, 0))
	r.taken[0] += uint32(size)
	return Lease{r.newest, size}
}

// advance makes room for the slots since the newest one.
func (r *Record) advance(now Slot) {
	passed := now - r.newest
	if passed <= 0 {
		return
	}

	r.newest = now
	if passed >= counted {
		r.taken = [counted]uint32{}
		return
	}
	copy(r.taken[passed:], r.taken[:])
	clear(r.taken[:passed])
}

func (r *Record) sum() (n int) {
	for _, taken := range r.taken {
		n += int(taken)
	}
	return n
}

// Expires returns when nothing of the record counts any more, whatever clock of an instance that is
// off by up to a slot says so.
func (r *Record) Expires(window time.Duration) time.Time {
	return (r.newest + counted + 1).End(window)
}

// The stored form: a version, the newest slot, and what was taken. All records have the same size.
const (
	version = 1
	size    = 1 + 8 + 4*counted
)

var errForm = errors.New("the stored value is not a record of leases, or one of a later version")

// Decode returns the record of a stored value. Nothing stands for the zero value.
func Decode(value []byte) (r Record, err error) {
	if len(value) == 0 {
		return Record{}, nil
	}
	if len(value) != size || value[0] != version {
		return Record{}, errForm
	}

	r.newest = Slot(binary.BigEndian.Uint64(value[1:]))
	for i := range r.taken {
		r.taken[i] = binary.BigEndian.Uint32(value[9+4*i:])
	}
	return r, nil
}

// Encode returns the stored form.
func (r *Record) Encode() []byte {
	value := make([]byte, 0, size)
	value = append(value, version)
	value = binary.BigEndian.AppendUint64(value, uint64(r.newest))
	for _, taken := range r.taken {
		value = binary.BigEndian.AppendUint32(value, taken)
	}
	return value
}
