package otp

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is embedded in every exported type that holds a code, a key or an address. Rule 13: its
// methods make such a value show as one fixed text to fmt under any verb, to slog, and to encoders
// of text, JSON and gob. fmt prints the unexported fields of a struct without asking their methods,
// so only a Code is safe in one.
type redacted struct{}

const redactedText = "[redacted]"

// Format writes "[redacted]" for every verb.
func (redacted) Format(f fmt.State, _ rune) {
	io.WriteString(f, redactedText) //nolint:errcheck // fmt.State never fails
}

// LogValue returns "[redacted]".
func (redacted) LogValue() slog.Value { return slog.StringValue(redactedText) }

// MarshalText returns "[redacted]".
func (redacted) MarshalText() ([]byte, error) { return []byte(redactedText), nil }

// MarshalBinary returns "[redacted]".
func (redacted) MarshalBinary() ([]byte, error) { return []byte(redactedText), nil }

// Format writes "[redacted]" for every verb.
func (Keys) Format(f fmt.State, verb rune) { redacted{}.Format(f, verb) }

// LogValue returns "[redacted]".
func (Keys) LogValue() slog.Value { return redacted{}.LogValue() }

// MarshalText returns "[redacted]".
func (Keys) MarshalText() ([]byte, error) { return redacted{}.MarshalText() }

// MarshalBinary returns "[redacted]".
func (Keys) MarshalBinary() ([]byte, error) { return redacted{}.MarshalBinary() }
