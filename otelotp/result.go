package otelotp

import (
	"context"
	"errors"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
)

// A result says in a word how an operation ended.
type result struct {
	name string

	// failure says that the service failed, and not the person who asked.
	failure bool
}

// results are in the order in which they are looked for: an error matches its parents, too.
var results = []struct {
	err error
	result
}{
	{nil, result{"ok", false}},
	{otp.ErrInvalid, result{"invalid", false}},
	{otp.ErrRepeated, result{"repeated", false}},
	{otp.ErrMismatch, result{"mismatch", false}},
	{otp.ErrExpired, result{"expired", false}},
	{otp.ErrUsed, result{"used", false}},
	{otp.ErrExhausted, result{"exhausted", false}},
	{otp.ErrNoCode, result{"no_code", false}},
	{otp.ErrMalformed, result{"malformed", false}},
	{otp.ErrLimited, result{"limited", false}},
	{otp.ErrLocked, result{"locked", false}},
	{otp.ErrUndeliverable, result{"undeliverable", false}},
	{otp.ErrNotSent, result{"not_sent", true}},
	{otp.ErrDelivery, result{"delivery_unknown", true}},
	{evp.ErrInvalid, result{"invalid", false}},
	{evp.ErrUnavailable, result{"unavailable", false}}, // an issuer that anybody may name is down
}

// resultOf returns the first result that the error of an operation matches.
func resultOf(err error) result {
	for _, r := range results {
		if errors.Is(err, r.err) {
			return r.result
		}
	}
	return result{"error", true}
}

// errorType returns the value of error.type for an error of a store: "_OTHER" is what the semantic
// conventions name all that has no name of its own.
func errorType(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "_OTHER"
}
