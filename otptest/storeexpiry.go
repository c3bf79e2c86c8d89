package otptest

import (
	"context"
	"fmt"
	"time"
)

// Expiries that do not fit into 32 bits of seconds, with a sign and without one.
var (
	year2039 = time.Date(2039, 1, 1, 0, 0, 0, 0, time.UTC)
	year2100 = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	year2107 = time.Date(2107, 1, 1, 0, 0, 0, 0, time.UTC)
)

func checkKeptForGood(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	return firstError(
		k.swapsUntil(time.Time{}, "", "a"), k.holds("a"), k.refuses("", "b"),
		k.swapsUntil(time.Time{}, "a", "b"), k.holds("b"), k.refuses("", "c"),
	)
}

func checkLateExpiry(ctx context.Context, db handles) error {
	for _, expires := range []time.Time{year2039, year2100, year2107} {
		k := newSlot(ctx, db)

		err := firstError(
			k.swapsUntil(expires, "", "a"), k.holds("a"), k.refuses("", "b"),
			k.swapsUntil(expires, "a", "b"), k.holds("b"), k.refuses("", "c"),
		)
		if err != nil {
			return fmt.Errorf("expires in %d: %w", expires.Year(), err)
		}
	}
	return nil
}

func checkRefusalKeepsExpiry(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	past := time.Now().Add(-time.Hour)
	return firstError(
		k.swaps("", "a"),
		k.refusesUntil(past, "b", "c"), k.refusesUntil(past, "", "c"),
		k.holds("a"), k.refuses("", "c"),
	)
}

func checkExpiredAtOnce(ctx context.Context, db handles) error {
	k := newSlot(ctx, db)
	return firstError(k.swapsUntil(time.Now().Add(-time.Hour), "", "a"), k.agrees("b"))
}

// checkKeptUntilExpires looks at values up to 0.1 s before they expire, by when clocks may differ.
// The expiries are spread over a second, since a store that keeps whole seconds must round them up.
func checkKeptUntilExpires(ctx context.Context, db handles) error {
	const values = 8
	const margin = 100 * time.Millisecond
	first := time.Now().Truncate(time.Second).Add(2 * time.Second)
	return parallel(values, func(i int) error {
		expires := first.Add(time.Duration(i) * time.Second / values)
		k := newSlot(ctx, db).by(i)
		if err := k.swapsUntil(expires, "", "a"); err != nil {
			return err
		}

		wait := time.Until(expires) - 4*margin
		for {
			if err := sleep(ctx, wait); err != nil {
				return err
			}

			err := k.holds("a")
			left := time.Until(expires)
			if left <= margin {
				return nil // the value may be gone
			}
			if err != nil {
				return fmt.Errorf("%v before it expires: %w", left, err)
			}
			wait = margin / 10
		}
	})
}

// checkExpiryReplaced waits for an expiry that was replaced, and for another second, since a store
// may keep whole seconds.
func checkExpiryReplaced(ctx context.Context, db handles) error {
	soon := time.Now().Add(time.Second)
	changed, same, forGood := newSlot(ctx, db), newSlot(ctx, db), newSlot(ctx, db)
	return firstError(
		changed.swapsUntil(soon, "", "a"), changed.swaps("a", "b"),
		same.swapsUntil(soon, "", "b"), same.swaps("b", "b"),
		forGood.swapsUntil(soon, "", "a"), forGood.swapsUntil(time.Time{}, "a", "b"),
		sleep(ctx, time.Until(soon)+1200*time.Millisecond),
		changed.holds("b"), changed.refuses("", "c"),
		same.holds("b"), same.refuses("", "c"),
		forGood.holds("b"), forGood.refuses("", "c"),
	)
}

// checkExpiresMeanwhile looks at values from just before to just after they expire.
func checkExpiresMeanwhile(ctx context.Context, db handles) error {
	expires := time.Now().Add(time.Second)
	slots := make([]slot, 30)

	for i := range slots {
		slots[i] = newSlot(ctx, db).by(i)
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
