package memstore

import (
	"container/heap"
	"maps"
	"slices"
	"sync"
)

// A shard holds the values of its share of the keys, the next to expire first.
type shard struct {
	mu       sync.Mutex
	entries  map[uint64]*entry // by the hashes of their keys; a map of strings would hash them once more, and look at each
	byExpiry expiryHeap
	peak     int      // most entries since the map was made
	_        [80]byte // makes it 128: processors fetch cache lines in pairs
}

type entry struct {
	hash  uint64
	next  *entry // of the same hash: never, but for chance
	key   string
	value []byte // replaced, never written to: Load hands it out
	index int    // in byExpiry
}

// find returns the entry of the key, or nil.
func (sh *shard) find(hash uint64, key string) *entry {
	e := sh.entries[hash]
	for e != nil && e.key != key {
		e = e.next
	}
	return e
}

// insert adds an entry whose key has none.
func (sh *shard) insert(e *entry, until int64) {
	e.next = sh.entries[e.hash]
	sh.entries[e.hash] = e
	heap.Push(&sh.byExpiry, e)
	sh.expire(e, until)
	sh.peak = max(sh.peak, len(sh.byExpiry))
}

func (sh *shard) update(e *entry, value []byte, until int64) {
	e.value = value
	sh.expire(e, until)
}

// expire sets when the entry expires.
func (sh *shard) expire(e *entry, until int64) {
	x := &sh.byExpiry[e.index]
	if until == x.until {
		return // the usual case of an update, and heap.Fix would look at others, which are in no cache
	}
	x.until = until
	heap.Fix(&sh.byExpiry, e.index)
}

// maxRemoved bounds what one call has to clean up. More than one, so that expired values go faster than others come.
const maxRemoved = 4

// removeExpired removes up to maxRemoved expired values and returns how many.
func (sh *shard) removeExpired(now int64) int {
	n := 0
	for n < maxRemoved && len(sh.byExpiry) > 0 && sh.byExpiry[0].until <= now {
		sh.remove(heap.Pop(&sh.byExpiry).(*entry))
		n++
	}
	if n > 0 {
		sh.shrink()
	}
	return n
}

// remove takes an entry out of the map.
func (sh *shard) remove(e *entry) {
	first := sh.entries[e.hash]
	switch {
	case first != e:
		for first.next != e {
			first = first.next
		}
		first.next = e.next
	case e.next != nil:
		sh.entries[e.hash] = e.next
	default:
		delete(sh.entries, e.hash)
	}
}

// A shard is made anew once it holds an eighth of what it held, since neither maps nor slices shrink by themselves:
// not below shrinkFrom, where there is little to gain, and not before it is down to maxMoved, so that no call pauses.
const (
	shrinkFrom = 64
	maxMoved   = 512
)

func (sh *shard) shrink() {
	n := len(sh.byExpiry)
	if sh.peak < shrinkFrom || n > sh.peak/8 || n > maxMoved {
		return
	}
	entries := make(map[uint64]*entry, n)
	maps.Copy(entries, sh.entries)
	sh.entries = entries
	sh.byExpiry = slices.Clone(sh.byExpiry)
	sh.peak = n
}

// expiryHeap is a heap for container/heap, in which each entry knows its place.
type expiryHeap []expiry

// An expiry is the Unix time in nanoseconds from which on an entry can be dropped.
type expiry struct {
	until int64
	entry *entry
}

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].until < h[j].until }

func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].entry.index, h[j].entry.index = i, j
}

// Push adds an entry that never expires: a pointer needs no memory of its own in x, an expiry would.
func (h *expiryHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, expiry{never, e})
}

// Pop returns the entry that it removes.
func (h *expiryHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last].entry
	(*h)[last] = expiry{} // for the garbage collector
	*h = (*h)[:last]
	return e
}
