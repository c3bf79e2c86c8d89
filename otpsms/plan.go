package otpsms

import (
	"strconv"
	"strings"
	"sync"
)

//go:generate go -C ../internal/phonetest test . -run TestTableIsGenerated -update

// A plan is what Normalize knows of the numbers of calling codes. Its fields are lists.
type plan struct {
	codes   string // that have the plan
	trunks  string // what is dialed before a number at home: "80 8", longer ones first
	lengths string // how many digits a national number has: "7,9-11"
	own     string // national numbers that begin like a trunk prefix, or with 0: "00,01:13 06:8"
}

// planByCode is made for the first number.
var planByCode = sync.OnceValue(func() map[string]plan {
	all := map[string]plan{}
	for _, p := range plans {
		for code := range strings.FieldsSeq(p.codes) {
			all[code] = p
		}
	}
	return all
})

// planOf returns the calling code that the digits begin with, and its plan. No code begins another.
func planOf(digits string) (code string, p plan, found bool) {
	for n := 1; n <= min(3, len(digits)); n++ {
		if p, found = planByCode()[digits[:n]]; found {
			return digits[:n], p, true
		}
	}
	return "", plan{}, false
}

// withoutTrunk returns the national number without a trunk prefix, or false if it begins like a
// number at home but the plan does not say what is meant.
func (p plan) withoutTrunk(national string) (string, bool) {
	if p.isNumber(national) {
		return national, true
	}

	for trunk := range strings.FieldsSeq(p.trunks) {
		rest, found := strings.CutPrefix(national, trunk)
		if found && contains(p.lengths, len(rest)) && p.isNumber(rest) {
			return rest, true
		}
	}

	// A number that begins like others but is longer or shorter may be a new one, unless it can be
	// one with a 0 too many.
	_, found := p.ownLengths(national)
	return national, found && !contains(p.lengths, len(national)-1)
}

// isNumber reports whether no trunk prefix stands before the national number, or what looks like
// one is its own.
func (p plan) isNumber(national string) bool {
	lengths, _ := p.ownLengths(national)
	return !p.beginsAtHome(national) || contains(lengths, len(national))
}

// beginsAtHome reports whether the number begins with a trunk prefix or, whatever that of the
// country is, with the 0 of most countries.
func (p plan) beginsAtHome(national string) bool {
	for trunk := range strings.FieldsSeq(p.trunks) {
		if strings.HasPrefix(national, trunk) {
			return true
		}
	}
	return strings.HasPrefix(national, "0")
}

// ownLengths returns how long the numbers are that begin like this one and like a trunk prefix.
func (p plan) ownLengths(national string) (lengths string, found bool) {
	for group := range strings.FieldsSeq(p.own) {
		beginnings, lengths, _ := strings.Cut(group, ":")
		for beginning := range strings.SplitSeq(beginnings, ",") {
			if strings.HasPrefix(national, beginning) {
				return lengths, true
			}
		}
	}
	return "", false
}

// hasArgentine15 reports whether a number of Argentina has the 15 that is dialed at home between
// the area code and a mobile number, so that it is too long. From abroad, a 9 stands before the
// area code, of which none begins with 15.
func hasArgentine15(code, national string) bool {
	return code == "54" && (len(national) > 11 || strings.HasPrefix(national, "915"))
}

// contains reports whether n is in a list such as "7,9-11".
func contains(list string, n int) bool {
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}

		low, _ := strconv.Atoi(first) //nolint:errcheck // the list is ours; an empty one has no n
		high, _ := strconv.Atoi(last) //nolint:errcheck // likewise
		if low <= n && n <= high && list != "" {
			return true
		}
	}
	return false
}
