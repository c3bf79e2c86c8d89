package main

import (
	"log"
	"regexp/syntax"
	"slices"
)

// A pattern is a regular expression for national numbers, compiled to the instructions of an
// automaton.
type pattern struct{ *syntax.Prog }

// maxLength bounds how long the numbers are that are looked at.
const maxLength = 17

func compile(text string) pattern {
	expression, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		log.Fatal(err)
	}
	program, err := syntax.Compile(expression.Simplify())
	if err != nil {
		log.Fatal(err)
	}
	return pattern{program}
}

// lengths returns how long the texts of digits are that begin so and match. It goes through all of
// them at once: what counts is where in the automaton some text of each length can be.
func (p pattern) lengths(beginning string) []int {
	var all []int
	states := p.follow([]uint32{uint32(p.Start)})
	for length := range maxLength + 1 {
		if length >= len(beginning) && slices.ContainsFunc(states, p.isMatch) {
			all = append(all, length)
		}

		digits := "0123456789"
		if length < len(beginning) {
			digits = beginning[length : length+1]
		}
		states = p.step(states, digits)
	}
	return all
}

func (p pattern) isMatch(state uint32) bool { return p.Inst[state].Op == syntax.InstMatch }

// step returns the states behind one of the digits.
func (p pattern) step(states []uint32, digits string) []uint32 {
	var next []uint32
	for _, state := range states {
		if p.isMatch(state) {
			continue
		}
		if slices.ContainsFunc([]rune(digits), p.Inst[state].MatchRune) {
			next = append(next, p.Inst[state].Out)
		}
	}
	return p.follow(next)
}

// follow returns the states that read a digit or match, and can be reached without a digit.
func (p pattern) follow(states []uint32) []uint32 {
	var reached []uint32
	seen := map[uint32]bool{}

	var visit func(uint32)
	visit = func(state uint32) {
		if seen[state] {
			return
		}
		seen[state] = true

		switch in := p.Inst[state]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(in.Out)
			visit(in.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			visit(in.Out)
		case syntax.InstFail:
		default:
			reached = append(reached, state)
		}
	}

	for _, state := range states {
		visit(state)
	}
	return reached
}
