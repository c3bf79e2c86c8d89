package otp

import (
	"fmt"
	"io"
	"log/slog"
)

// Every exported type that holds a code, a key or an address shows as one fixed text: to fmt under any verb, to slog,
// and to encoders of text and JSON.

const redacted = "[redacted]"

func redact(f fmt.State) { io.WriteString(f, redacted) } //nolint:errcheck // fmt.State never fails

// String returns "[redacted]".
func (Code) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Code) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (Code) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Code) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Keys) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Keys) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (Keys) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Config) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Config) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (Config) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Config) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Request) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Request) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (Request) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Request) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Submission) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Submission) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (Submission) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Submission) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (Message) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Message) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (Message) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Message) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns "[redacted]".
func (*Service) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (*Service) Format(f fmt.State, _ rune) { redact(f) }

// LogValue returns "[redacted]".
func (*Service) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (*Service) MarshalText() ([]byte, error) { return []byte(redacted), nil }
