package memstore

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// A random history of one shard against a plain map: what is removed has expired, and what has expired is removed.
func TestShardRemovesExactlyWhatHasExpired(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sh := &shard{entries: make(map[string]*entry)}
	want := make(map[string]int64)
	for now := range int64(6000) {
		key, until := strconv.Itoa(random.IntN(1000)), now+1+random.Int64N(2000)
		if e := sh.entries[key]; e != nil {
			sh.update(e, nil, until)
		} else {
			sh.insert(&entry{key: key, until: until})
		}
		want[key] = until

		for n := maxRemoved; n == maxRemoved; {
			if n = sh.removeExpired(now); n > maxRemoved {
				t.Fatalf("at %d: removed %d at once, want at most %d", now, n, maxRemoved)
			}
		}
		for key, until := range want {
			if until <= now {
				delete(want, key)
			}
		}
		if len(sh.entries) != len(want) || len(sh.byExpiry) != len(want) {
			t.Fatalf("at %d: the map has %d entries and the heap %d, want %d", now, len(sh.entries), len(sh.byExpiry), len(want))
		}
	}
	for key, until := range want {
		if e := sh.entries[key]; e == nil || e.until != until || sh.byExpiry[e.index] != e {
			t.Errorf("key %s: got %+v, want one that expires at %d", key, e, until)
		}
	}
}

// Values survive that a shard is made anew, as it is when most have gone, and it is made anew down to few.
func TestShardShrinks(t *testing.T) {
	const n = 8 * maxMoved
	sh := &shard{entries: make(map[string]*entry)}
	for i := range n {
		sh.insert(&entry{key: strconv.Itoa(i), until: int64(i)})
	}
	for now := range int64(n) {
		for len(sh.byExpiry) > 0 && sh.byExpiry[0].until <= now {
			sh.removeExpired(now)
		}
		left := n - int(now) - 1
		if len(sh.entries) != left || len(sh.byExpiry) != left {
			t.Fatalf("the map has %d entries and the heap %d, want %d", len(sh.entries), len(sh.byExpiry), left)
		}
		if sh.peak >= shrinkFrom && left <= min(maxMoved, sh.peak/8) {
			t.Fatalf("%d entries are held in a map for %d", left, sh.peak)
		}
	}
}
