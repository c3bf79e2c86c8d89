// Package redact keeps values that hold a code, a key, an address or a password out of logs.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// Text is what a redacted value shows.
const Text = "[redacted]"

// Value is embedded, under an unexported alias, in every exported type that holds such a value.
// Rule 13: its methods make the value show as Text to fmt under any verb, to slog, and to encoders
// of text, JSON and gob. fmt prints the unexported fields of a struct without asking their methods,
// so that a Value in such a field protects nothing.
type Value struct{}

// Format writes Text for every verb.
func (Value) Format(f fmt.State, _ rune) {
	io.WriteString(f, Text) //nolint:errcheck // fmt.State never fails
}

// LogValue returns Text.
func (Value) LogValue() slog.Value { return slog.StringValue(Text) }

// MarshalText returns Text.
func (Value) MarshalText() ([]byte, error) { return []byte(Text), nil }

// MarshalBinary returns Text.
func (Value) MarshalBinary() ([]byte, error) { return []byte(Text), nil }
