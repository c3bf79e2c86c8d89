package otpmail_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// Rule 13.
func TestMailsAndSentencesAreRedacted(t *testing.T) {
	mail, sentences := otpmail.Mail{Text: code}, otpmail.Sentences{Code: code}
	for _, value := range []any{
		mail, &mail, sentences, &sentences, []any{mail, sentences}, struct{ M otpmail.Mail }{mail},
	} {
		encoded, err := json.Marshal(value)
		require.NoError(t, err)

		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			printed := fmt.Sprintf(verb, value) + string(encoded) + log.String()
			require.NotContains(t, printed, code, "%s of %T", verb, value)
			require.NotContains(t, printed, fmt.Sprintf("%x", code), "%s of %T", verb, value)
		}
	}
}
