package otpmail

import "github.com/seed-5978b5f1/otp/internal/redact"

// redacted is embedded in the exported types that hold a code in plain text (rule 13).
type redacted = redact.Value
