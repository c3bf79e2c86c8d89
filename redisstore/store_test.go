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

// A reply is a value, or whether a swap has won. Another one is an error that names its type, and
// not what it holds.
func TestReplies(t *testing.T) {
	for name, test := range map[string]struct {
		reply     any
		loaded    []byte
		loadError string
		swapped   bool
		swapError string
	}{
		"string": {reply: "value\x00\xff", loaded: []byte("value\x00\xff"),
			swapError: "reply of type string"},
		"bytes": {reply: []byte("value"), loaded: []byte("value"),
			swapError: "reply of type []uint8"},
		"no value, as string": {reply: "", swapError: "reply of type string"},
		"no value, as bytes":  {reply: []byte{}, swapError: "reply of type []uint8"},
		"won":                 {int64(1), nil, "the int64 1, want string or []byte", true, ""},
		"lost":                {int64(0), nil, "the int64 0, want string or []byte", false, ""},
		"another integer": {int64(2), nil, "the int64 2, want string or []byte", false,
			"the int64 2, want int64 of 0 or 1"},
		"nil": {nil, nil, "reply of type <nil>, want string or []byte", false,
			"reply of type <nil>, want int64 of 0 or 1"},
		"bool":  {true, nil, "reply of type bool", false, "reply of type bool"},
		"float": {1.0, nil, "reply of type float64", false, "reply of type float64"},
		"list":  {[]any{"secret"}, nil, "of type []interface {}", false, "of type []interface {}"},
		"error": {errors.New("secret"), nil, "of type *errors.errorString", false,
			"of type *errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			judge := func(err error, want string) {
				if want == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, want)
				require.NotContains(t, err.Error(), "secret")
			}

			store := newStore(t, replying(test.reply, nil))
			loaded, err := store.Load(t.Context(), "key")
			judge(err, test.loadError)
			require.Equal(t, test.loaded, loaded)
			swapped, err := swap(t.Context(), store)
			judge(err, test.swapError)
			require.Equal(t, test.swapped, swapped)
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

func TestWhatIsSent(t *testing.T) {
	for _, test := range []struct {
		opts *redisstore.Options
		key  string
	}{
		{nil, "otp:key"},
		{&redisstore.Options{}, "otp:key"},
		{&redisstore.Options{Prefix: "app/otp/"}, "app/otp/key"},
	} {
		var sent [][]any
		store, err := redisstore.New(
			func(_ context.Context, _ string, keys []string, args ...any) (any, error) {
				require.Equal(t, []string{test.key}, keys)
				sent = append(sent, args)
				if len(args) == 0 {
					return "", nil
				}
				return int64(1), nil
			}, test.opts)
		require.NoError(t, err)

		_, err = store.Load(t.Context(), "key")
		require.NoError(t, err)
		_, err = store.CompareAndSwap(t.Context(), "key", nil, []byte("new\x00"), time.Time{})
		require.NoError(t, err)
		require.Len(t, sent, 2)
		assert.Empty(t, sent[0])
		assert.Equal(t, []string{"", "new\x00", ""}, redisstore.StringArgs(sent[1]))
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
