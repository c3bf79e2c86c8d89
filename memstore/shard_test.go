package memstore

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// A random history of one shard against a plain map: what is removed has expired, and what has expired is removed. Ten
// keys have one hash, as chance may have it.
func TestShardRemovesExactlyWhatHasExpired(t *testing.T) {
	const hashes = 100
	random := rand.New(rand.NewPCG(1, 2))
	sh := &shard{entries: make(map[uint64]*entry)}
	want := make(map[string]int64)
	for now := range int64(6000) {
		n, until := random.IntN(1000), now+1+random.Int64N(2000)
		hash, key := uint64(n%hashes), strconv.Itoa(n)
		if e := sh.find(hash, key); e != nil {
			sh.update(e, nil, until)
		} else {
			sh.insert(&entry{hash: hash, key: key}, until)
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
		if held := held(sh); held != len(want) || len(sh.byExpiry) != len(want) {
			t.Fatalf("at %d: the map has %d entries and the heap %d, want %d", now, held, len(sh.byExpiry), len(want))
		}
		for key, until := range want {
			n, _ := strconv.Atoi(key)
			if e := sh.find(uint64(n%hashes), key); e == nil || sh.byExpiry[e.index] != (expiry{until, e}) {
				t.Fatalf("at %d: key %s: got %+v, want one that expires at %d", now, key, e, until)
			}
		}
	}
}

// held returns how many entries the map of the shard has.
func held(sh *shard) (n int) {
	for _, e := range sh.entries {
		for ; e != nil; e = e.next {
			n++
		}
	}
	return n
}

// Values survive that a shard is made anew, as it is when most have gone, and it is made anew down to few.
func TestShardShrinks(t *testing.T) {
	const n = 8 * maxMoved
	sh := &shard{entries: make(map[uint64]*entry)}
	for i := range n {
		sh.insert(&entry{hash: uint64(i), key: strconv.Itoa(i)}, int64(i))
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
