package otpmail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
)

func TestCheck(t *testing.T) {
	require.NoError(t, otpmail.Mail{Subject: "x", Text: "y\r\n\tz"}.Check())

	for want, mail := range map[string]otpmail.Mail{
		"the subject is empty":    {Text: "y"},
		"the subject must be":     {Subject: "x\r\nBcc: eve@evil.example", Text: "y"},
		"the subject must be U":   {Subject: "x\u2028", Text: "y"},
		"the subject must be UT":  {Subject: "\xff", Text: "y"},
		"the plain text is empty": {Subject: "x", HTML: "<p>y"},
		"the plain text must be":  {Subject: "x", Text: "y\x00"},
		"the plain text must be ": {Subject: "x", Text: "\xff"},
		"the HTML must be":        {Subject: "x", Text: "y", HTML: "\x1b"},
		"the HTML must be ":       {Subject: "x", Text: "y", HTML: "\xff"},
	} {
		require.ErrorContains(t, mail.Check(), want)
	}
}
