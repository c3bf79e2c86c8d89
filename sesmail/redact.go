package sesmail

import (
	"fmt"
	"io"
	"log/slog"
)

// Mail and View hold a code in plain text. However they are printed, logged or marshalled, they show as one fixed text.

const redacted = "[redacted]"

// String returns "[redacted]".
func (Mail) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Mail) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) } //nolint:errcheck // fmt.State never fails

// LogValue returns "[redacted]".
func (Mail) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Mail) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (View) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (View) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) } //nolint:errcheck // fmt.State never fails

// LogValue returns "[redacted]".
func (View) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (View) MarshalText() ([]byte, error) { return []byte(redacted), nil }
