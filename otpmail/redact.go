package otpmail

import (
	"fmt"
	"io"
	"log/slog"
)

// Rule 13: Mail and Sentences hold a code in plain text. However they are printed, logged or
// marshaled, they show as one fixed text.

const redacted = "[redacted]"

// String returns "[redacted]".
func (Mail) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Mail) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) } //nolint:errcheck // never fails

// LogValue returns "[redacted]".
func (Mail) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Mail) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Sentences) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Sentences) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) } //nolint:errcheck // never fails

// LogValue returns "[redacted]".
func (Sentences) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Sentences) MarshalText() ([]byte, error) { return []byte(redacted), nil }
