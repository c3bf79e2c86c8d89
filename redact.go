package otp

import (
	"fmt"
	"log/slog"

	"github.com/seed-5978b5f1/otp/internal/redact"
)

// redacted is embedded in every exported type that holds a code, a key or an address (rule 13).
type redacted = redact.Value

// Format writes "[redacted]" for every verb.
func (Keys) Format(f fmt.State, verb rune) { redacted{}.Format(f, verb) }

// LogValue returns "[redacted]".
func (Keys) LogValue() slog.Value { return redacted{}.LogValue() }

// MarshalText returns "[redacted]".
func (Keys) MarshalText() ([]byte, error) { return redacted{}.MarshalText() }

// MarshalBinary returns "[redacted]".
func (Keys) MarshalBinary() ([]byte, error) { return redacted{}.MarshalBinary() }
