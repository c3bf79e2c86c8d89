package phonetest

import (
	"fmt"
	"regexp/syntax"
)

// maxLength bounds how long the numbers are that are looked at.
const maxLength = 17

// lengths returns how long the texts of digits are that begin so and match a pattern.
func lengths(pattern *syntax.Regexp, beginning string) (all []int) {
	reached := follow(pattern, 1, beginning)
	for length := len(beginning); length <= maxLength; length++ {
		if reached>>length&1 == 1 {
			all = append(all, length)
		}
	}
	return all
}

// follow returns how many digits there can be behind an expression, as bits, given how many there
// can be in front of it. All digits behind the beginning are free, so that nothing else counts.
func follow(e *syntax.Regexp, from uint32, beginning string) uint32 {
	switch e.Op {
	case syntax.OpLiteral:
		for _, digit := range e.Rune {
			from = step(from, beginning, []rune{digit, digit})
		}
		return from
	case syntax.OpCharClass:
		return step(from, beginning, e.Rune)
	case syntax.OpAlternate:
		behind := uint32(0)
		for _, sub := range e.Sub {
			behind |= follow(sub, from, beginning)
		}
		return behind
	case syntax.OpQuest:
		return from | follow(e.Sub[0], from, beginning)
	case syntax.OpRepeat:
		behind := uint32(0)
		for n := range e.Max + 1 {
			if n >= e.Min {
				behind |= from
			}
			from = follow(e.Sub[0], from, beginning)
		}
		return behind
	case syntax.OpEmptyMatch, syntax.OpCapture, syntax.OpConcat:
		for _, sub := range e.Sub {
			from = follow(sub, from, beginning)
		}
		return from
	}
	panic(fmt.Sprintf("an expression of the kind %v: %v", e.Op, e))
}

// step is follow for one digit of a class, which is given by its first and last digits.
func step(from uint32, beginning string, class []rune) (behind uint32) {
	for i := 0; i < len(class); i += 2 {
		for length := range maxLength {
			if length >= len(beginning) || class[i] <= rune(beginning[length]) &&
				rune(beginning[length]) <= class[i+1] {
				behind |= from & (1 << length) << 1
			}
		}
	}
	return behind
}
