package smtpmail

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is embedded in what holds the password. Its methods make such a value show as one fixed
// text (rule 13): to fmt under any verb, to slog, and to encoders of text and JSON.
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
