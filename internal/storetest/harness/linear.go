package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/seed-5978b5f1/otp"
)

// A call is one call of a store and its result, as porcupine sees it.
type call struct {
	swap     bool
	old, new string // "" for no value
	value    string // that Load returned
	swapped  bool
	doubtful bool // whether the swap has happened is not known
}

// register is the model of one key of a store.
var register = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, input, _ any) []any {
		c := input.(call)
		switch {
		case !c.swap && c.value == state:
			return []any{state}
		case !c.swap:
			return nil
		case c.doubtful && c.old == state:
			return []any{state, c.new}
		case c.doubtful:
			return []any{state}
		case c.swapped != (c.old == state):
			return nil
		case c.swapped:
			return []any{c.new}
		default:
			return []any{state}
		}
	},
	Equal: func(a, b any) bool { return a == b },
}).ToModel()

// A history records the calls of several clients for one key.
type history struct {
	key     string
	repeats bool

	mu    sync.Mutex
	clock int64
	calls []porcupine.Operation
}

func (h *history) tick() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	return h.clock
}

func (h *history) add(client int, c call, from, to int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls,
		porcupine.Operation{ClientId: client, Input: c, Call: from, Return: to})
}

// load calls Load, and records it unless it fails.
func (h *history) load(ctx context.Context, client int, store otp.Store) (string, error) {
	from := h.tick()
	value, err := store.Load(ctx, h.key)
	if err == nil {
		h.add(client, call{value: string(value)}, from, h.tick())
	}
	return string(value), err
}

// swap calls CompareAndSwap and records it. One that fails may happen at any time from then on.
func (h *history) swap(ctx context.Context, client int, store otp.Store, old, new string) {
	from := h.tick()
	expires := time.Now().Add(time.Hour)
	swapped, err := store.CompareAndSwap(ctx, h.key, []byte(old), []byte(new), expires)

	c := call{swap: true, old: old, new: new, swapped: swapped, doubtful: err != nil}
	to := h.tick()
	if c.doubtful {
		to = math.MaxInt64
	}
	c.doubtful = c.doubtful || h.repeats && !swapped
	h.add(client, c, from, to)
}

// certain returns the calls without the swaps that may have happened and make no difference: whose
// new value nobody has loaded, or is the old one. Each new value is tried once, and only those
// replace it who have loaded it, so that one which nobody has seen until the end was never there.
func (h *history) certain() (calls []porcupine.Operation) {
	loaded := map[string]bool{}
	for _, o := range h.calls {
		if c := o.Input.(call); !c.swap {
			loaded[c.value] = true
		}
	}

	for _, o := range h.calls {
		if c := o.Input.(call); !c.doubtful || loaded[c.new] && c.new != c.old {
			calls = append(calls, o)
		}
	}
	return calls
}

// Linearizable has clients load and swap one key over both handles at once, and checks with
// porcupine that an order of the calls explains what all of them saw. After a disturbance, the key
// is loaded once more over the calm handle.
//
// Repeats says that the client tries again by itself after a lost reply. Then a swap that has won
// may be reported as lost, since the second try finds the value of the first.
func Linearizable(ctx context.Context, a, b, calm otp.Store, repeats bool) error {
	h := &history{key: newKey(), repeats: repeats}

	var clients sync.WaitGroup
	for client := range 6 {
		store := []otp.Store{a, b}[client%2]
		clients.Go(func() {
			known := ""
			for n := range 12 {
				if rand.IntN(3) > 0 {
					known, _ = h.load(ctx, client, store)
				}

				next := fmt.Sprintf("%d.%d", client, n)
				if known != "" && rand.IntN(4) == 0 {
					next = known // for an equal one, which also wins
				}
				h.swap(ctx, client, store, known, next)
			}
		})
	}
	clients.Wait()

	if _, err := h.load(ctx, 6, calm); err != nil {
		return err
	}

	switch porcupine.CheckOperationsTimeout(register, h.certain(), 20*time.Second) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return ErrUndecided
	}

	var text bytes.Buffer
	for _, o := range h.calls {
		fmt.Fprintf(&text, "\n%4d to %4d by %d: %+v", o.Call, o.Return, o.ClientId, o.Input)
	}
	return errors.New("the history is not linearizable:" + text.String())
}

// LinearizableOften returns an error unless so many histories are linearizable.
func LinearizableOften(t *testing.T, db Database, histories int) error {
	t.Helper()
	a, b := db.Open(t), db.Open(t)
	for range histories {
		if err := Linearizable(t.Context(), a, b, a, false); err != nil {
			return err
		}
	}
	return nil
}

// ErrUndecided says nothing about the store.
var ErrUndecided = errors.New("the history was too entangled to be decided in time")
