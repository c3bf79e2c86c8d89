package memstore

import (
	"container/heap"
	"slices"
	"sync"
)

// A shard holds the values of its share of the keys, the next to expire first.
type shard struct {
	mu       sync.Mutex
	entries  map[string]*entry
	byExpiry expiryHeap
	peak     int      // most entries since the map was made
	_        [80]byte // makes it 128: processors fetch cache lines in pairs
}

type entry struct {
	key   string
	value []byte // replaced, never written to: Load hands it out
	until int64  // Unix time in nanoseconds from which on the value has expired
	index int    // in byExpiry
}

// valueAt returns the value at a time, nil if it has expired by then or if there is no entry.
func (e *entry) valueAt(now int64) []byte {
	if e == nil || now >= e.until {
		return nil
	}
	return e.value
}

func (sh *shard) insert(e *entry) {
	sh.entries[e.key] = e
	heap.Push(&sh.byExpiry, e)
	sh.peak = max(sh.peak, len(sh.entries))
}

func (sh *shard) update(e *entry, value []byte, until int64) {
	e.value = value
	if until == e.until {
		return // the usual case, and heap.Fix would look at entries that are in no cache
	}
	e.until = until
	heap.Fix(&sh.byExpiry, e.index)
}

// maxRemoved bounds what one call has to clean up. More than one, so that expired values go faster than others come.
const maxRemoved = 4

// removeExpired removes up to maxRemoved expired values and returns how many.
func (sh *shard) removeExpired(now int64) int {
	n := 0
	for n < maxRemoved && len(sh.byExpiry) > 0 && sh.byExpiry[0].until <= now {
		e := heap.Pop(&sh.byExpiry).(*entry)
		delete(sh.entries, e.key)
		n++
	}
	if n > 0 {
		sh.shrink()
	}
	return n
}

// A shard is made anew once it holds an eighth of what it held, since neither maps nor slices shrink by themselves:
// not below shrinkFrom, where there is little to gain, and not before it is down to maxMoved, so that no call pauses.
const (
	shrinkFrom = 64
	maxMoved   = 512
)

func (sh *shard) shrink() {
	n := len(sh.entries)
	if sh.peak < shrinkFrom || n > sh.peak/8 || n > maxMoved {
		return
	}
	sh.entries = make(map[string]*entry, n)
	for _, e := range sh.byExpiry {
		sh.entries[e.key] = e
	}
	sh.byExpiry = slices.Clone(sh.byExpiry)
	sh.peak = n
}

// expiryHeap is a heap of entries for container/heap, in which each entry knows its place.
type expiryHeap []*entry

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].until < h[j].until }

func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *expiryHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

func (h *expiryHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil // for the garbage collector
	*h = (*h)[:last]
	return e
}
