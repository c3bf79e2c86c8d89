package otptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// storeCases are the cases of TestStore that wait for nothing. Those about concurrency are in
// storeraces.go, those about time in storeexpiry.go.
var storeCases = []storeCase{
	{"absent", "Load returns nil and no error where there is no value", checkAbsent},
	{"create", "a swap from no value stores one where there is none, whether old is nil or empty",
		checkCreate},
	{"create refused", "a swap from no value is refused where there is one, and leaves it",
		checkCreateRefused},
	{"mismatch",
		"a swap from a value that is not there is false and no error, and changes nothing",
		checkMismatch},
	{"equal value", "a swap from a value to the same value is a swap", checkEqualValue},
	{"exact match", "a swap happens only if the value equals old byte for byte", checkExactMatch},
	{"every byte", "a swap happens only if the value equals old in each byte", checkEveryByte},
	{"replace", "Load and CompareAndSwap see every swap that has returned, of any process",
		checkReplace},
	{"any bytes", "values are of any content and come back byte for byte", checkAnyBytes},
	{"sizes", "values have 1 to 1024 bytes", checkSizes},
	{"keys", "keys have 1 to 43 characters, letters, digits, - and _, and are told apart by " +
		"each of them",
		checkKeys},
	{"letter case of keys", "keys of any length are told apart by the case of a letter",
		checkLetterCase},
	{"slices not kept", "CompareAndSwap does not keep the slices it was given",
		checkSlicesNotKept},
	{"slices not changed", "CompareAndSwap does not change the slices it was given",
		checkSlicesNotChanged},
	{"loaded value not changed",
		"the slice that Load returned never changes, whatever is loaded and stored later",
		checkLoadedNotChanged},
	{"race to create", "of many that create a value at the same time, exactly one succeeds",
		checkRaceToCreate},
	{"race to swap",
		"of many that swap from the same value at the same time, exactly one succeeds",
		checkRaceToSwap},
	{"counter", "no update is lost, and a swap is refused only if another one has succeeded",
		checkCounter},
	{"monotonic reads",
		"Load never returns an older value than one returned or stored before it began",
		checkMonotonicReads},
	{"parallel keys", "swaps under different keys do not disturb each other", checkParallelKeys},
	{"many values",
		"every swap is stored, and a value stays until it expires, however many others come",
		checkManyValues},
	{"ended context",
		"a call whose ctx has ended returns an error that matches ctx.Err, and one whose " +
			"ctx ends meanwhile returns such an error or a true answer",
		checkEndedContext},
	{"kept for good", "a value whose expires is the zero time stays for good", checkKeptForGood},
	{"late expiry", "a value stays until it expires, also beyond January 2038", checkLateExpiry},
	{"refusal keeps expiry", "a swap that is refused does not change when the value expires",
		checkRefusalKeepsExpiry},
	{"expired at once",
		"an expired value may be gone or not, but Load and CompareAndSwap agree on it",
		checkExpiredAtOnce},
}

// waitingCases wait for a second or more, until values expire.
var waitingCases = []storeCase{
	{"kept until expires", "a value stays until it expires", checkKeptUntilExpires},
	{"expiry replaced", "the expiry given with a swap replaces the one given before",
		checkExpiryReplaced},
	{"expires meanwhile", "while a value expires, Load and CompareAndSwap agree on it",
		checkExpiresMeanwhile},
}

func checkAbsent(ctx context.Context, db handles) error {
	return newSlot(ctx, db).holds("")
}

func checkCreate(ctx context.Context, db handles) error {
	fromNil, fromEmpty := newSlot(ctx, db), newSlot(ctx, db)

	swapped, err := db[0].CompareAndSwap(ctx, fromEmpty.key, []byte{}, []byte("b"), inAnHour())
	if err != nil || !swapped {
		return fmt.Errorf("swap from an empty slice: got %v, %v, want true and no error",
			swapped, err)
	}
	return firstError(fromEmpty.holds("b"), fromNil.swaps("", "a"), fromNil.holds("a"))
}

func checkCreateRefused(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)

	err := firstError(
		k.swaps("", "a"),
		k.by(0).refuses("", "b"), k.by(1).refuses("", "b"), k.holds("a"),
		k.by(0).refuses("", "a"), k.by(1).refuses("", "a"), k.holds("a"),
	)
	if err != nil {
		return err
	}

	swapped, err := db[0].CompareAndSwap(ctx, k.key, []byte{}, []byte("b"), inAnHour())
	if err != nil || swapped {
		return fmt.Errorf("swap from an empty slice: got %v, %v, want false and no error",
			swapped, err)
	}
	return k.holds("a")
}

func checkMismatch(ctx context.Context, db handles) error {
	there, absent := newSlot(ctx, db), newSlot(ctx, db)
	return firstError(
		there.swaps("", "a"),
		there.refuses("b", "c"), there.holds("a"),
		there.refuses("b", "a"), there.refuses("b", "b"), there.holds("a"),
		absent.refuses("a", "b"), absent.refuses("a", "a"), absent.holds(""),
	)
}

// checkEqualValue also keeps the expiry: databases that count changed rows count none then.
func checkEqualValue(ctx context.Context, db handles) error {
	k, expires := newSlot(ctx, db), inAnHour()
	return firstError(
		k.swapsUntil(expires, "", "a"),
		k.by(0).swapsUntil(expires, "a", "a"), k.by(1).swapsUntil(expires, "a", "a"),
		k.holds("a"), k.swaps("a", "b"), k.holds("b"),
	)
}

func checkExactMatch(ctx context.Context, db handles) error {
	long := strings.Repeat("x", 1024)
	pairs := [][2]string{
		{"value", "valux"},
		{"value", "xalue"},
		{"value", "VALUE"},
		{"value", "valu"},
		{"value", "values"},
		{"value", "value\x00"},
		{"value", "value "},
		{"value", "value\n"},
		{"value", " value"},
		{"value", "vlaue"},       // the same sum
		{"plumless", "buckeroo"}, // the same CRC-32
		{"costarring", "liquid"}, // the same FNV-1a of 32 bits
		{"1", "01"},
		{"1", "1.0"},
		{"\xff", "\xfe"},      // neither is UTF-8
		{"\xff", "\uFFFD"},    // what a decoder makes of it
		{"\u00e9", "e\u0301"}, // the same letter, composed in two ways
		{long, long[1:]},      // the greatest length
		{long, long[1:] + "\x00"},
		{long, long[2:] + "wy"}, // the same sum
	}

	check := func(a, b string) error { return matchesOnly(newSlot(ctx, db), a, b) }
	return parallel(len(pairs), func(i int) error {
		a, b := pairs[i][0], pairs[i][1]
		return firstError(check(a, b), check(b, a))
	})
}

// matchesOnly checks that a value is swapped from what it is and not from another value.
func matchesOnly(k slot, value, other string) error {
	return firstError(
		k.swaps("", value),
		k.refuses(other, "new"), k.holds(value),
		k.swaps(value, "new"), k.holds("new"),
	)
}

// checkEveryByte swaps from values that differ in one byte, at each place of the longest value.
func checkEveryByte(ctx context.Context, db handles) error {
	value := []byte(strings.Repeat("0123456789abcdef", 64))
	k := newSlot(ctx, db)
	if err := k.swaps("", string(value)); err != nil {
		return err
	}

	err := forEach(len(value), func(i int) error {
		other := slices.Clone(value)
		other[i] ^= 1

		if err := k.by(i).refuses(string(other), "new"); err != nil {
			return fmt.Errorf("old differs in byte %d of %d: %w", i, len(value), err)
		}
		return nil
	})
	return firstError(err, k.holds(string(value)))
}

func checkReplace(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	if err := firstError(k.holds(""), k.swaps("", "0"), k.holds("0")); err != nil {
		return err
	}

	// Refused swaps come later, since they would refresh a cache.
	for i := range 20 {
		before, after := strconv.Itoa(i%3), strconv.Itoa((i+1)%3) // values come again
		if err := firstError(k.by(i).swaps(before, after), k.holds(after)); err != nil {
			return err
		}
	}

	for i := range 20 {
		before, after := strconv.Itoa((i+2)%3), strconv.Itoa(i%3)
		err := firstError(
			k.by(i).swaps(before, after),
			k.by(0).refuses(before, "x"), k.by(1).refuses(before, "x"), k.holds(after),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func checkAnyBytes(ctx context.Context, db handles) error {
	values := []string{
		"value\x00", "value\x00\x00", "\x00value", "value ", " value", "value\n", "value\r\n",
		"\xef\xbb\xbfvalue", "\xff\xfe\xfd", "\xc3\x28", "\xed\xa0\x80",
		"null", "0", "{}", "\\x00", "%00", "'", "\"", "e\u0301",
	}

	var all []byte
	for b := range 256 {
		values = append(values, string([]byte{byte(b)}))
		all = append(all, byte(b))
	}
	values = append(values, string(all))
	return forEach(len(values), func(i int) error {
		k := newSlot(ctx, db).by(i)
		return firstError(k.swaps("", values[i]), k.holds(values[i]), k.swaps(values[i], "new"))
	})
}

func checkSizes(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	long := strings.Repeat("0123456789abcdef", 64)
	last := ""

	for _, n := range []int{1, 2, 63, 64, 127, 128, 255, 256, 257, 511, 512, 513, 1023, 1024, 1} {
		if err := firstError(k.swaps(last, long[:n]), k.holds(long[:n])); err != nil {
			return err
		}
		last = long[:n]
	}
	return nil
}

func checkKeys(ctx context.Context, db handles) error {
	base := newKey()[:40]
	keys := []string{
		base + "aB-", base + "aB_", base + "aBx", base + "aB", base + "a", base,
		"-" + base, "_" + base, "--" + base, "__" + base, "-_" + base,
		base[:20] + "-" + base[21:], base[:20] + "_" + base[21:],
		base[:20], base[:21], base[:22],
	}
	if err := distinct(ctx, db, keys); err != nil {
		return err
	}

	// So few characters are no random key: another run may have left a value there.
	for n := range 4 {
		k := slot{ctx: ctx, db: db, key: base[:n+1]}

		last, err := k.load()
		if err := firstError(err, k.swaps(last, base), k.holds(base)); err != nil {
			return fmt.Errorf("key %q: %w", k.key, err)
		}
	}
	return nil
}

// checkLetterCase uses keys of each length that a random key can have, 22 among them: that of the
// keys of a Service.
func checkLetterCase(ctx context.Context, db handles) error {
	const shortest, longest = 10, 43
	return forEach(longest-shortest+1, func(i int) error {
		n := shortest + i
		key := newKey()[:n]
		return distinct(ctx, db, []string{
			"a" + key[1:], "A" + key[1:],
			key[:n/2] + "b" + key[n/2+1:], key[:n/2] + "B" + key[n/2+1:],
			key[:n-1] + "z", key[:n-1] + "Z",
		})
	})
}

// distinct checks that keys that were never used hold a value each. Keys that are equal count once.
func distinct(ctx context.Context, db handles, keys []string) error {
	slices.Sort(keys)
	keys = slices.Compact(keys)

	for i, key := range keys {
		k := slot{ctx: ctx, db: db, key: key}
		if err := firstError(k.holds(""), k.by(i).swaps("", key)); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
	}

	for _, key := range keys {
		k := slot{ctx: ctx, db: db, key: key}
		if err := k.holds(key); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
	}
	return nil
}

func checkSlicesNotKept(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)

	for _, step := range []struct{ old, new string }{{"", "a-value"}, {"a-value", "another"}} {
		old, new := []byte(step.old), []byte(step.new)
		if _, err := db[0].CompareAndSwap(ctx, k.key, old, new, inAnHour()); err != nil {
			return err
		}

		clear(old)
		clear(new)
		if err := k.holds(step.new); err != nil {
			return fmt.Errorf("after a write to the slices: %w", err)
		}
	}
	return nil
}

func checkSlicesNotChanged(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)

	for _, step := range []struct{ old, new string }{{"", "a"}, {"a", "b"}, {"x", "y"}} {
		old, new := withRoom(step.old), withRoom(step.new)
		if _, err := db[0].CompareAndSwap(ctx, k.key, old, new, inAnHour()); err != nil {
			return err
		}

		err := firstError(unchanged("old", old, step.old), unchanged("new", new, step.new))
		if err != nil {
			return err
		}
	}
	return nil
}

// withRoom returns a slice that holds value, in an array that goes on behind it.
func withRoom(value string) []byte {
	b := append([]byte(value), "more"...)
	return b[:len(value)]
}

// unchanged checks that nobody has written to the array of a slice from withRoom.
func unchanged(name string, slice []byte, value string) error {
	whole := slice[:len(value)+len("more")]
	if !bytes.Equal(whole, []byte(value+"more")) {
		return fmt.Errorf("%s was %q and is %q after the call", name, value+"more", whole)
	}
	return nil
}

// checkLoadedNotChanged looks at one slot alone, and then at many at the same time.
func checkLoadedNotChanged(ctx context.Context, db handles) error {
	if err := newSlot(ctx, db).keepsLoaded(); err != nil {
		return err
	}
	return parallel(concurrency, func(i int) error { return newSlot(ctx, db).by(i).keepsLoaded() })
}

// keepsLoaded holds the slices that Load returned while it loads and swaps. A store that reuses a
// buffer, or takes it from a pool, overwrites one of them.
func (k slot) keepsLoaded() error {
	const loads = 12
	var loaded [loads][]byte
	value := func(n int) string { return fmt.Sprintf("%06d %s", n, k.key) }

	if err := k.swaps("", value(0)); err != nil {
		return err
	}

	for n := range loaded {
		var err error
		if loaded[n], err = k.store().Load(k.ctx, k.key); err != nil {
			return err
		}
		if err := k.swaps(value(n), value(n+1)); err != nil {
			return err
		}
	}

	for n := range loaded {
		if string(loaded[n]) != value(n) {
			return fmt.Errorf("Load returned %q, which later became %q", value(n), loaded[n])
		}
	}
	return nil
}

func checkEndedContext(ctx context.Context, db handles) error {
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	late, stop := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer stop()

	if err := firstError(checkEnded(canceled, ctx, db), checkEnded(late, ctx, db)); err != nil {
		return err
	}

	// It ends somewhere in between, a little later each time.
	for i := range 20 {
		ending, end := context.WithCancel(ctx)
		timer := time.AfterFunc(time.Duration(i*i)*10*time.Microsecond, end)
		err := checkEnding(ending, newSlot(ctx, db).by(i))

		timer.Stop()
		end()
		if err != nil {
			return err
		}
	}
	return nil
}

// checkEnded makes calls with a context that has ended before.
func checkEnded(ended, ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	if err := k.swaps("", "a"); err != nil {
		return err
	}

	want := ended.Err()
	if value, err := db[0].Load(ended, k.key); !errors.Is(err, want) {
		return fmt.Errorf("Load under an ended context: got %s, %v, want an error that matches %q",
			show(string(value)), err, want)
	}
	swapped, err := db[0].CompareAndSwap(ended, k.key, []byte("a"), []byte("b"), inAnHour())
	if !errors.Is(err, want) {
		return fmt.Errorf("swap under an ended context: got %v, %v, want an error that matches %q",
			swapped, err, want)
	}
	return nil
}

// checkEnding makes calls with a context that ends meanwhile, or later.
func checkEnding(ending context.Context, k slot) error {
	if err := k.swaps("", "a"); err != nil {
		return err
	}

	value, err := k.store().Load(ending, k.key)
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		return fmt.Errorf("Load: got error %w, want one that matches context.Canceled", err)
	case err == nil && string(value) != "a":
		return fmt.Errorf("Load: got %s and no error, want %s or an error",
			show(string(value)), show("a"))
	}

	swapped, err := k.store().CompareAndSwap(ending, k.key, []byte("a"), []byte("b"), inAnHour())
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		return fmt.Errorf("swap: got error %w, want one that matches context.Canceled", err)
	case err == nil && !swapped:
		return errors.New("swap: got false and no error although nobody else has written, " +
			"want true or an error")
	case err == nil:
		if err := k.holds("b"); err != nil {
			return fmt.Errorf("after a swap that has succeeded: %w", err)
		}
	}
	return nil
}
