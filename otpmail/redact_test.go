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
		var shown bytes.Buffer
		require.NoError(t, json.NewEncoder(&shown).Encode(value))
		slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "value", value)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb, value)
		}
		require.NotContains(t, shown.String(), code, "%T", value)
		require.NotContains(t, shown.String(), fmt.Sprintf("%x", code), "%T", value)
	}
}
