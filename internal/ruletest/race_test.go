//go:build race

package ruletest

func init() { slower = 10 }
