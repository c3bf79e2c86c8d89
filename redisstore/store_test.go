package redisstore_test

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/redisstore"
)

// The scripts run in internal/storetest, on real servers and by real clients. Here an Eval says
// what no server does, or remembers what it is given.

// newStore returns a Store under the prefix "otp:".
func newStore(t *testing.T, eval redisstore.Eval) *redisstore.Store {
	t.Helper()

	store, err := redisstore.New(eval, nil)
	require.NoError(t, err)
	return store
}

// replying returns an Eval with one reply to everything.
func replying(reply any, err error) redisstore.Eval {
	return func(context.Context, string, []string, ...any) (any, error) { return reply, err }
}

func swap(ctx context.Context, store *redisstore.Store) (bool, error) {
	return store.CompareAndSwap(ctx, "key", []byte("old"), []byte("new"), time.Time{})
}

func TestNewRefusesNil(t *testing.T) {
	_, err := redisstore.New(nil, nil)
	require.ErrorContains(t, err, "redisstore: the Eval is nil")
}

func TestLoadReplies(t *testing.T) {
	for _, test := range []struct {
		name      string
		reply     any
		want      []byte
		wantError string
	}{
		{name: "string", reply: "value\x00\xff", want: []byte("value\x00\xff")},
		{name: "bytes", reply: []byte("value"), want: []byte("value")},
		{name: "no value, as string", reply: ""},
		{name: "no value, as bytes", reply: []byte{}},
		{name: "nil", reply: nil, wantError: "reply of type <nil>, want string or []byte"},
		{name: "integer", reply: int64(7), wantError: "the int64 7, want string or []byte"},
		{name: "list", reply: []any{"secret"}, wantError: "reply of type []interface {}"},
		{name: "error", reply: errors.New("secret"), wantError: "of type *errors.errorString"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := newStore(t, replying(test.reply, nil)).Load(t.Context(), "key")

			if test.wantError != "" {
				require.ErrorContains(t, err, test.wantError)
				require.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestSwapReplies(t *testing.T) {
	for _, test := range []struct {
		name      string
		reply     any
		want      bool
		wantError string
	}{
		{name: "won", reply: int64(1), want: true},
		{name: "lost", reply: int64(0), want: false},
		{name: "other integer", reply: int64(2), wantError: "the int64 2, want int64 of 0 or 1"},
		{name: "nil", reply: nil, wantError: "reply of type <nil>, want int64 of 0 or 1"},
		{name: "bool", reply: true, wantError: "reply of type bool"},
		{name: "string", reply: "1", wantError: "reply of type string"},
		{name: "bytes", reply: []byte("1"), wantError: "reply of type []uint8"},
		{name: "float", reply: 1.0, wantError: "reply of type float64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := swap(t.Context(), newStore(t, replying(test.reply, nil)))

			if test.wantError != "" {
				require.ErrorContains(t, err, test.wantError)
				require.False(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

// Rule 11: an error of the client is neither a won nor a lost swap, whatever reply comes with it.
func TestErrorsAreWrapped(t *testing.T) {
	cause := errors.New("READONLY You can't write against a read only replica.")
	store := newStore(t, replying(int64(1), cause))

	_, err := store.Load(t.Context(), "key")
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, `redisstore: prefix "otp:": `+cause.Error())

	swapped, err := swap(t.Context(), store)
	require.False(t, swapped)
	require.ErrorIs(t, err, cause)
}

func TestEndedContext(t *testing.T) {
	store := newStore(t, func(context.Context, string, []string, ...any) (any, error) {
		t.Error("the script was run")
		return int64(1), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := store.Load(ctx, "key")
	require.ErrorIs(t, err, context.Canceled)

	_, err = swap(ctx, store)
	require.ErrorIs(t, err, context.Canceled)
}

// A client that puts the deadline on its connection reports a timeout of the network, and may do so
// before the context has noticed.
func TestDeadlineOfTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		eval := func(ctx context.Context, _ string, _ []string, _ ...any) (any, error) {
			deadline, _ := ctx.Deadline()
			time.Sleep(time.Until(deadline))
			return nil, os.ErrDeadlineExceeded
		}

		_, err := swap(ctx, newStore(t, eval))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

// A call is what an Eval was given.
type call struct {
	script string
	keys   []string
	args   []any
}

func TestWhatIsSent(t *testing.T) {
	var got []call
	eval := func(_ context.Context, script string, keys []string, args ...any) (any, error) {
		got = append(got, call{script, keys, args})
		if len(args) == 0 {
			return "", nil
		}
		return int64(1), nil
	}

	for _, test := range []struct {
		opts *redisstore.Options
		key  string
	}{
		{nil, "otp:key"},
		{&redisstore.Options{}, "otp:key"},
		{&redisstore.Options{Prefix: "app/otp/"}, "app/otp/key"},
	} {
		got = nil
		store, err := redisstore.New(eval, test.opts)
		require.NoError(t, err)

		_, err = store.Load(t.Context(), "key")
		require.NoError(t, err)
		_, err = store.CompareAndSwap(t.Context(), "key", nil, []byte("new\x00"), time.Time{})
		require.NoError(t, err)

		require.Len(t, got, 2)
		assert.Equal(t, []string{test.key}, got[0].keys)
		assert.Empty(t, got[0].args)
		assert.Equal(t, []string{test.key}, got[1].keys)
		assert.Equal(t, []string{"", "new\x00", ""}, redisstore.StringArgs(got[1].args))
	}
}

// Values stay a minute longer than asked, in milliseconds rounded up, or for good.
func TestExpiry(t *testing.T) {
	in2100 := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

	for _, test := range []struct {
		name    string
		expires time.Time
		want    string
	}{
		{"zero", time.Time{}, ""},
		{"full second", time.Unix(1_700_000_000, 0), "1700000060000"},
		{"just after a full second", time.Unix(1_700_000_000, 1), "1700000060001"},
		{"just before a full second", time.Unix(1_699_999_999, 999_999_999), "1700000060000"},
		{"after 2038", in2100, "4102444860000"},
		{"in another zone", in2100.In(time.FixedZone("", 3600)), "4102444860000"},
		{"before 1970", time.Unix(-100, 0), "1"},
		{"out of range", time.Unix(math.MaxInt64/2, 0), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			eval := func(_ context.Context, _ string, _ []string, args ...any) (any, error) {
				assert.Equal(t, test.want, args[2])
				return int64(1), nil
			}

			_, err := newStore(t, eval).CompareAndSwap(
				t.Context(), "key", nil, []byte("new"), test.expires)
			require.NoError(t, err)
		})
	}
}
