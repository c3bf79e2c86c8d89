package defects

// A defect is one changed line of package otp, and the test that notices it.
type defect struct {
	name     string
	file     string
	old, new string
	caughtBy catcher
}

// A catcher is a test of one of the packages that are built with all defects in.
type catcher struct{ folder, test string }

var (
	byModel  = catcher{"internal/proof/histories", "TestServiceAgreesWithModel"}
	byLinear = catcher{"internal/proof/histories", "TestLinearizableOverMemstore"}
	byRule14 = catcher{"internal/ruletest", "TestRule14TheCallerDecidesNothing"}
	byRetain = catcher{"internal/ruletest", "TestRetentionDuringARollOut"}
	byKnown  = catcher{".", "TestKnownAnswers"}
	byState  = catcher{".", "TestKnownAnswerOfAState"}
)

var defects = []defect{
	{"another Binding is compared", "state.go",
		`		if c.binding != g.binding || !c.comparable(now) { // Rules 3 and 9`,
		`		if !c.comparable(now) {`, byModel},
	{"a code works at its expiry", "state.go",
		`func (c *code) unexpired(now time.Time) bool { return now.Before(c.expires()) }`,
		`func (c *code) unexpired(now time.Time) bool { return !now.After(c.expires()) }`, byModel},
	{"open attempts are not counted", "state.go",
		`	if s.failuresAt(now)+attempts+p.MaxAttempts > p.MaxFailures {`,
		`	if s.failuresAt(now)+p.MaxAttempts > p.MaxFailures {`, byModel},
	{"asking again gives back attempts", "state.go",
		`	s.count(now, a.id)`,
		`	c.left = c.given; s.count(now, a.id)`, byModel},
	{"asking again extends the lifetime", "state.go",
		`	s.count(now, a.id)`,
		`	c.issued = roundDown(now); s.count(now, a.id)`, byModel},
	{"success leaves codes of its Binding", "state.go",
		`	s.void(now, func(binding tag) bool { return binding == g.binding })`,
		`	s.void(now, func(tag) bool { return false })`, byModel},
	{"success voids codes of other Bindings", "state.go",
		`	s.void(now, func(binding tag) bool { return binding == g.binding })`,
		`	s.void(now, func(tag) bool { return true })`, byModel},
	{"success clears all failures", "state.go",
		`	s.takeBack(now, c.given-c.left)`,
		`	s.takeBack(now, maxCounted)`, byModel},
	{"success takes nothing back", "state.go",
		`	s.takeBack(now, c.given-c.left)`,
		`	s.takeBack(now, 0)`, byModel},
	{"the code of a decoy verifies", "state.go",
		`		case equal && !c.decoy:`,
		`		case equal:`, byModel},
	{"a decoy voids real codes, and the other way round", "state.go",
		`	s.count(now, a.id)`,
		`	c = s.voidOthers(now, c); s.count(now, a.id)`, byModel},
	{"a real Send leaves the flag of a decoy", "state.go",
		`		c.decoy = false // Rule 5: a real Send of a decoy clears the flag`,
		`		_ = c.decoy`, byModel},
	{"one failure for a guess that was compared with two codes", "state.go",
		`			failures++`,
		`			failures = 1`, byModel},
	{"a used code counts failures", "state.go",
		`		if c.live(now) {`,
		`		if c.comparable(now) {`, byModel},
	{"a repeat by its key without the text", "state.go",
		`		case equal && c.used():`,
		`		case c.used():`, byModel},
	{"Revoke leaves repeats", "state.go",
		`			c.usedWith = tag{}`,
		`			_ = c.usedWith`, byModel},
	{"Unlock leaves the sends", "state.go",
		`	s.sends = s.sends[:0]`,
		`	_ = s.sends[:0]`, byModel},
	{"codes do not get longer", "state.go",
		`			length = p.MaxLength`,
		`			length = p.Length`, byModel},
	{"Trust is left out of the record's key", "record.go",
		`	r.recordMAC.message = append(r.recordMAC.message, byte(trust))`,
		`	r.recordMAC.message = append(r.recordMAC.message, 0)`, byModel},
	{"a value expires at once", "state.go",
		`	s.keepUntil = ratchet(s.keepUntil, until, now)`,
		`	s.keepUntil = roundUp(now)`, byModel},
	{"a failed send is refunded", "otp.go",
		`	return outcome.status, s.deliver(ctx, m)`,
		`	return outcome.status, s.deliverOrRefund(ctx, r, m)`, byModel},
	{"a blind put in place of a swap", "record.go",
		`	swapped, err = r.store.CompareAndSwap(ctx, r.key, r.held, r.sealed, expires)`,
		`	r.held, _ = r.store.Load(ctx, r.key)
	swapped, err = r.store.CompareAndSwap(ctx, r.key, r.held, r.sealed, expires)`, byLinear},
	{"a lost swap counts as won", "record.go",
		`	r.sealed = r.state.seal(r.sealed[:0], r.valueMAC, r.key)`,
		`	r.sealed = r.state.seal(r.sealed[:0], r.valueMAC, r.key)
	defer func() { swapped = err == nil }()`, byLinear},
	{"an acceptance does not recognize itself", "state.go",
		`	if slices.ContainsFunc(s.codes, func(c code) bool { return c.usedBy == g.id }) {`,
		`	if false {`, byLinear},
	{"a Send does not recognize itself", "state.go",
		`	if s.recorded(a.id) {`,
		`	if false {`, byLinear},
	{"a canceled context is passed on", "record.go",
		`	return context.WithTimeout(context.WithoutCancel(ctx), timeout)`,
		`	return context.WithTimeout(ctx, timeout)`, byRule14},
	{"a deadline is passed on", "record.go",
		`	return context.WithTimeout(context.WithoutCancel(ctx), timeout)`,
		`	return withDeadlineOf(ctx, timeout)`, byRule14},
	{"retention shrinks", "state.go",
		`	s.keepUntil = ratchet(s.keepUntil, until, now)`,
		`	s.keepUntil = ratchet(until, until, now)`, byRetain},
	{"codes are derived under a public key", "keys.go",
		`	k.key, err = subkey(secret, "code/"+purpose, sha256.Size)`,
		`	k.key, err = subkey([]byte("public"), "code/"+purpose, sha256.Size)`, byKnown},
	{"values are authenticated under a public key", "record.go",
		`		valueMAC:   newMAC(rs.keys.value),`,
		`		valueMAC:   newMAC([]byte("public")),`, byKnown},
	{"tags are made under a public key", "record.go",
		`		bindingMAC: newMAC(rs.keys.binding),`,
		`		bindingMAC: newMAC([]byte("public")),`, byKnown},
	{"records are located by a public key", "record.go",
		`		recordMAC:  newMAC(rs.keys.record),`,
		`		recordMAC:  newMAC([]byte("public")),`, byKnown},
	{"the flags of the stored form are swapped", "encode.go",
		`		flags |= flagDecoy`,
		`		flags |= flagUsed`, byState},
}
