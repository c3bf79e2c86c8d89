package smtpmail

import "github.com/seed-5978b5f1/otp/internal/redact"

// redacted is embedded in what holds the password (rule 13).
type redacted = redact.Value
