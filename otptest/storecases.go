package otptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// crowd is how many goroutines work at once where a rule is about concurrency.
const crowd = 64

var storeCases = []storeCase{
	{
		name: "absent",
		rule: "Load returns nil and no error where there is no value",
		check: func(ctx context.Context, db handles) error {
			return newSlot(ctx, db).holds("")
		},
	},
	{
		name: "create",
		rule: "a swap from no value stores one where there is none, whether old is nil or empty",
		check: func(ctx context.Context, db handles) error {
			k, l := newSlot(ctx, db), newSlot(ctx, db)
			swapped, err := db[0].CompareAndSwap(ctx, l.key, []byte{}, []byte("b"), inAnHour())
			if err != nil || !swapped {
				return fmt.Errorf("swap from an empty slice: got %v, %v, want true and no error", swapped, err)
			}
			return firstError(l.holds("b"), k.swaps("", "a"), k.holds("a"))
		},
	},
	{
		name: "create refused",
		rule: "a swap from no value is refused where there is one, and leaves it",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			if err := firstError(k.swaps("", "a"), k.refuses("", "b"), k.holds("a")); err != nil {
				return err
			}
			swapped, err := db[0].CompareAndSwap(ctx, k.key, []byte{}, []byte("b"), inAnHour())
			if err != nil || swapped {
				return fmt.Errorf("swap from an empty slice: got %v, %v, want false and no error", swapped, err)
			}
			return firstError(k.holds("a"), k.refuses("", "a"), k.holds("a"))
		},
	},
	{
		name: "mismatch",
		rule: "a swap from a value that is not there is false and no error, and changes nothing",
		check: func(ctx context.Context, db handles) error {
			k, l := newSlot(ctx, db), newSlot(ctx, db)
			return firstError(
				k.swaps("", "a"), k.refuses("b", "c"), k.holds("a"), k.refuses("b", "a"), k.refuses("b", "b"), k.holds("a"),
				l.refuses("a", "b"), l.refuses("a", "a"), l.holds(""),
			)
		},
	},
	{
		name:  "exact match",
		rule:  "a swap happens only if the value equals old byte for byte",
		check: checkExactMatch,
	},
	{
		name: "replace",
		rule: "Load and CompareAndSwap see every swap that has returned",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			err := firstError(k.holds(""), k.swaps("", "0"), k.holds("0"))
			for i := 0; i < 20 && err == nil; i++ {
				before, after := strconv.Itoa(i%3), strconv.Itoa((i+1)%3) // values come again
				k := k.by(i)
				err = firstError(k.swaps(before, after), k.refuses(before, "x"), k.holds(after))
			}
			return err
		},
	},
	{
		name:  "any bytes",
		rule:  "values are of any content and come back byte for byte",
		check: checkAnyBytes,
	},
	{
		name: "sizes",
		rule: "values have 1 to 1024 bytes",
		check: func(ctx context.Context, db handles) error {
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
		},
	},
	{
		name:  "keys",
		rule:  "keys have 1 to 43 characters, letters, digits, - and _, and are told apart by each of them and its case",
		check: checkKeys,
	},
	{
		name: "slices not kept",
		rule: "CompareAndSwap does not keep the slices it was given",
		check: func(ctx context.Context, db handles) error {
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
		},
	},
	{
		name: "slices not changed",
		rule: "CompareAndSwap does not change the slices it was given",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			for _, step := range []struct{ old, new string }{{"", "a"}, {"a", "b"}, {"x", "y"}} {
				old, new := withRoom(step.old), withRoom(step.new)
				if _, err := db[0].CompareAndSwap(ctx, k.key, old, new, inAnHour()); err != nil {
					return err
				}
				if err := firstError(unchanged("old", old, step.old), unchanged("new", new, step.new)); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "loaded value not changed",
		rule: "what Load returned stays as it is when the value is swapped",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			if err := k.swaps("", "first"); err != nil {
				return err
			}
			loaded, err := db[0].Load(ctx, k.key)
			if err != nil {
				return err
			}
			if err := k.swaps("first", "other"); err != nil {
				return err
			}
			if !bytes.Equal(loaded, []byte("first")) {
				return fmt.Errorf("got %q after the swap, want %q", loaded, "first")
			}
			return nil
		},
	},
	{
		name: "race to create",
		rule: "of many that create a value at the same time, exactly one succeeds",
		check: func(ctx context.Context, db handles) error {
			return checkRace(ctx, db, "")
		},
	},
	{
		name: "race to swap",
		rule: "of many that swap from the same value at the same time, exactly one succeeds",
		check: func(ctx context.Context, db handles) error {
			return checkRace(ctx, db, "start")
		},
	},
	{
		name:  "counter",
		rule:  "no update is lost, and a swap is refused only if another one has succeeded",
		check: checkCounter,
	},
	{
		name:  "monotonic reads",
		rule:  "Load never shows an older value than one that was shown or stored before it began",
		check: checkMonotonicReads,
	},
	{
		name:  "parallel keys",
		rule:  "swaps under different keys do not disturb each other",
		check: checkParallelKeys,
	},
	{
		name:  "many values",
		rule:  "a value stays until it expires, however many others come",
		check: checkManyValues,
	},
	{
		name: "kept for good",
		rule: "a value whose expires is the zero time stays for good",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			return firstError(
				k.swapsUntil(time.Time{}, "", "a"), k.holds("a"), k.refuses("", "b"),
				k.swapsUntil(time.Time{}, "a", "b"), k.holds("b"), k.refuses("", "c"),
			)
		},
	},
	{
		name: "refusal keeps expiry",
		rule: "a swap that is refused does not change when the value expires",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			past := time.Now().Add(-time.Hour)
			return firstError(
				k.swaps("", "a"), k.refusesUntil(past, "b", "c"), k.refusesUntil(past, "", "c"), k.holds("a"), k.refuses("", "c"),
			)
		},
	},
	{
		name: "expired at once",
		rule: "an expired value may be gone or not, but Load and CompareAndSwap agree on it",
		check: func(ctx context.Context, db handles) error {
			k := newSlot(ctx, db)
			return firstError(k.swapsUntil(time.Now().Add(-time.Hour), "", "a"), k.agrees("b"))
		},
	},
	{
		name:  "ended context",
		rule:  "a call whose ctx ends gives a true answer or an error that matches ctx.Err, never a false or empty answer",
		check: checkEndedContext,
	},
	{
		name:  "kept until expires",
		rule:  "a value stays until it expires",
		waits: true,
		check: checkKeptUntilExpires,
	},
	{
		name:  "expiry replaced",
		rule:  "the expiry given with a swap replaces the one given before",
		waits: true,
		check: checkExpiryReplaced,
	},
	{
		name:  "expires meanwhile",
		rule:  "while a value expires, Load and CompareAndSwap agree on it",
		waits: true,
		check: checkExpiresMeanwhile,
	},
}

func checkExactMatch(ctx context.Context, db handles) error {
	long := strings.Repeat("x", 1024)
	for _, pair := range [][2]string{
		{"value", "valux"},
		{"value", "xalue"},
		{"value", "VALUE"},
		{"value", "valu"},
		{"value", "values"},
		{"value", "value\x00"},
		{"value", "value "},
		{"value", "value\n"},
		{"value", " value"},
		{"1", "01"},
		{"1", "1.0"},
		{"\xff", "\xfe"},      // neither is UTF-8
		{"\xff", "\uFFFD"},    // what a decoder makes of it
		{"\u00e9", "e\u0301"}, // the same letter, composed in two ways
		{long, long[1:]},      // the longest
		{long, long[1:] + "\x00"},
	} {
		for _, p := range [][2]string{pair, {pair[1], pair[0]}} {
			k := newSlot(ctx, db)
			if err := firstError(k.swaps("", p[0]), k.refuses(p[1], "new"), k.holds(p[0]), k.swaps(p[0], "new")); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkAnyBytes(ctx context.Context, db handles) error {
	values := []string{
		"value\x00", "value\x00\x00", "\x00value", "value ", " value", "value\n", "value\r\n", "\xef\xbb\xbfvalue",
		"\xff\xfe\xfd", "\xc3\x28", "\xed\xa0\x80", "null", "0", "{}", "\\x00", "%00", "'", "\"", "e\u0301",
	}
	var all []byte
	for b := range 256 {
		values = append(values, string([]byte{byte(b)}))
		all = append(all, byte(b))
	}
	values = append(values, string(all))
	k := newSlot(ctx, db)
	last := ""
	for _, value := range values {
		if err := firstError(k.swaps(last, value), k.holds(value)); err != nil {
			return err
		}
		last = value
	}
	return nil
}

func checkKeys(ctx context.Context, db handles) error {
	base := newKey()[:40]
	keys := []string{
		base + "aB-", base + "Ab-", base + "ab-", base + "AB-", base + "aB_", base + "aB", base + "a", base,
		strings.ToLower(base) + "aB-", strings.ToUpper(base) + "aB-",
		"-" + base, "_" + base, "--" + base, base[:20], base[:21],
	}
	at := func(i int) slot { return slot{ctx, db, 0, keys[i]} }
	for i := range keys {
		if err := firstError(at(i).holds(""), at(i).swaps("", keys[i])); err != nil {
			return fmt.Errorf("key %q: %w", keys[i], err)
		}
	}
	for i := range keys {
		if err := at(i).holds(keys[i]); err != nil {
			return fmt.Errorf("key %q: %w", keys[i], err)
		}
	}
	// The shortest are too few to be new: there may be a value from another run.
	for n := range 4 {
		k := slot{ctx, db, 0, base[:n+1]}
		last, err := k.load()
		if err := firstError(err, k.swaps(last, base), k.holds(base)); err != nil {
			return fmt.Errorf("key %q: %w", k.key, err)
		}
	}
	return nil
}

// checkRace has a crowd swap from the same value, a few times.
func checkRace(ctx context.Context, db handles, from string) error {
	for range 5 {
		k := newSlot(ctx, db)
		if from != "" {
			if err := k.swaps("", from); err != nil {
				return err
			}
		}
		var wins, winner atomic.Int64
		err := together(crowd, func(i int) error {
			swapped, err := k.by(i).swap(from, strconv.Itoa(i), inAnHour())
			if swapped {
				wins.Add(1)
				winner.Store(int64(i))
			}
			return err
		})
		if err == nil && wins.Load() != 1 {
			err = fmt.Errorf("%d of %d succeeded, want 1", wins.Load(), crowd)
		}
		if err := firstError(err, k.holds(strconv.FormatInt(winner.Load(), 10))); err != nil {
			return err
		}
	}
	return nil
}

// checkCounter has each of a crowd add one to a number. Each loses to each of the others once at most.
func checkCounter(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	if err := k.swaps("", "0"); err != nil {
		return err
	}
	err := together(crowd, func(i int) error {
		k := k.by(i)
		for range crowd {
			n, err := k.number()
			if err != nil {
				return err
			}
			swapped, err := k.swap(strconv.Itoa(n), strconv.Itoa(n+1), inAnHour())
			if swapped || err != nil {
				return err
			}
		}
		return fmt.Errorf("a swap from what Load had shown was refused %d times, but there were only %d others", crowd, crowd-1)
	})
	return firstError(err, k.holds(strconv.Itoa(crowd)))
}

// number loads a value that is a number.
func (k slot) number() (int, error) {
	value, err := k.load()
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, fmt.Errorf("Load: got %s, want a number", show(value))
	}
	return n, nil
}

func checkMonotonicReads(ctx context.Context, db handles) error {
	const swaps, readers = 100, 15
	k := newSlot(ctx, db)
	if err := k.swaps("", "0"); err != nil {
		return err
	}
	var stored atomic.Int64
	var done atomic.Bool
	return together(1+readers, func(i int) error {
		k := k.by(i)
		if i == 0 {
			defer done.Store(true)
			for n := range swaps {
				if err := k.swaps(strconv.Itoa(n), strconv.Itoa(n+1)); err != nil {
					return err
				}
				stored.Store(int64(n + 1))
			}
			return nil
		}
		shown := 0
		for !done.Load() {
			atLeast := max(shown, int(stored.Load()))
			n, err := k.number()
			if err != nil {
				return err
			}
			if n < atLeast {
				return fmt.Errorf("Load: got %d, want at least %d", n, atLeast)
			}
			shown = n
		}
		return nil
	})
}

func checkParallelKeys(ctx context.Context, db handles) error {
	return together(crowd, func(i int) error {
		k := newSlot(ctx, db).by(i)
		last := ""
		for n := range 10 {
			value := fmt.Sprintf("%d of %d", n, i)
			if err := firstError(k.swaps(last, value), k.holds(value)); err != nil {
				return err
			}
			last = value
		}
		return nil
	})
}

func checkManyValues(ctx context.Context, db handles) error {
	const each = 16 // 1024 values in all
	slots := make([]slot, each*crowd)
	for i := range slots {
		slots[i] = newSlot(ctx, db)
	}
	inParts := func(step func(slot) error) error {
		return together(crowd, func(i int) error {
			for _, k := range slots[i*each : (i+1)*each] {
				if err := step(k); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return firstError(
		inParts(func(k slot) error { return k.swaps("", k.key) }),
		inParts(func(k slot) error { return k.holds(k.key) }),
	)
}

// agrees checks that what Load shows can be swapped from. One refusal is in order: the value may have been dropped since.
func (k slot) agrees(new string) error {
	var shown [2]string
	for i := range shown {
		var err error
		if shown[i], err = k.load(); err != nil {
			return err
		}
		swapped, err := k.swap(shown[i], new, inAnHour())
		if err != nil {
			return err
		}
		if swapped {
			return k.holds(new)
		}
	}
	return fmt.Errorf("Load shows %s, then %s, and swaps from either are refused", show(shown[0]), show(shown[1]))
}

func checkEndedContext(ctx context.Context, db handles) error {
	for i := range 20 {
		k := newSlot(ctx, db)
		if err := k.swaps("", "a"); err != nil {
			return err
		}
		// At first it has ended before the calls, then it ends somewhere in between.
		ending, end := context.WithCancel(ctx)
		time.AfterFunc(time.Duration(i*i)*10*time.Microsecond, end)
		if i == 0 {
			end()
		}
		value, err := db[0].Load(ending, k.key)
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			return fmt.Errorf("Load: got error %w, want one that matches context.Canceled", err)
		case err == nil && string(value) != "a":
			return fmt.Errorf("Load: got %s and no error, want %s or an error", show(string(value)), show("a"))
		}
		swapped, err := db[0].CompareAndSwap(ending, k.key, []byte("a"), []byte("b"), inAnHour())
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			return fmt.Errorf("swap: got error %w, want one that matches context.Canceled", err)
		case err == nil && !swapped:
			return errors.New("swap: got false and no error, want true or an error, since nobody else has written")
		case err == nil:
			if err := k.holds("b"); err != nil {
				return fmt.Errorf("after a swap that has succeeded: %w", err)
			}
		}
		end()
	}
	return nil
}

// checkKeptUntilExpires uses an expiry late within a second, which a store that keeps whole seconds must round up.
func checkKeptUntilExpires(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	expires := time.Now().Add(500 * time.Millisecond).Truncate(time.Second).Add(1900 * time.Millisecond)
	if err := k.swapsUntil(expires, "", "a"); err != nil {
		return err
	}
	for time.Until(expires) > 300*time.Millisecond {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		if err := k.holds("a"); err != nil && time.Now().Before(expires) {
			return fmt.Errorf("%v before it expires: %w", time.Until(expires), err)
		}
	}
	return nil
}

func checkExpiryReplaced(ctx context.Context, db handles) error {
	later, never := newSlot(ctx, db), newSlot(ctx, db)
	soon := time.Now().Add(time.Second)
	return firstError(
		later.swapsUntil(soon, "", "a"), later.swaps("a", "b"),
		never.swapsUntil(soon, "", "a"), never.swapsUntil(time.Time{}, "a", "b"),
		sleep(ctx, time.Until(soon)+1200*time.Millisecond), // a store may keep whole seconds
		later.holds("b"), later.refuses("", "c"),
		never.holds("b"), never.refuses("", "c"),
	)
}

// checkExpiresMeanwhile looks at values from just before to just after they expire.
func checkExpiresMeanwhile(ctx context.Context, db handles) error {
	expires := time.Now().Add(time.Second)
	slots := make([]slot, 30)
	for i := range slots {
		slots[i] = newSlot(ctx, db)
		if err := slots[i].swapsUntil(expires, "", "a"); err != nil {
			return err
		}
	}
	for i, k := range slots {
		at := expires.Add(time.Duration(i-10) * 10 * time.Millisecond)
		if err := firstError(sleep(ctx, time.Until(at)), k.agrees("b")); err != nil {
			return err
		}
	}
	return nil
}
