package pages_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		language string
		err      error
		want     string
	}{
		{"en", otp.ErrExpired, "The code has expired. Ask for a new one."},
		{"de-CH, de;q=0.9", fmt.Errorf("x: %w", otp.ErrExpired),
			"Der Code ist abgelaufen. Fordern Sie einen neuen an."},
		{"zh-TW", otp.ErrRepeated, "此驗證碼已被接受。請查看操作是否成功；如未成功，請取得新的驗證碼。"},
		{"en", &otphttp.Problem{Code: otphttp.MalformedBody},
			"The form couldn’t be read. Please try again."},
		{"en", &otphttp.Problem{Code: otphttp.AddressMismatch}, "You’ve since asked for a code " +
			"for another address. Enter that code instead. No attempt was lost."},
		{"de", &otphttp.Problem{Code: "odd", Detail: "Not this one."}, "Not this one."},
		{"de", &otphttp.Problem{Code: "password_too_short", Detail: "Longer, please."},
			"Longer, please."},
		{"fi", nil, ""},
	} {
		require.Equal(t, c.want, pages.Text(c.language, c.err))
	}
}

// There is a sentence in every language for everything that a Flow refuses.
func TestTextForEveryProblem(t *testing.T) {
	require.Equal(t, "en", pages.Languages()[0])
	require.Len(t, pages.Languages(), 13)

	for _, code := range problemCodes(t) {
		for _, language := range pages.Languages() {
			problem := &otphttp.Problem{Code: code, Detail: "not translated"}
			text := pages.Text(language, problem)
			require.NotEqual(t, "not translated", text, "%s in %s", code, language)
			require.NotContains(t, text, "{", "%s in %s", code, language)
		}
	}
}

// problemCodes returns the codes of package otphttp, read from its source.
func problemCodes(t *testing.T) (codes []otphttp.ProblemCode) {
	t.Helper()

	source, err := os.ReadFile("../problemcode.go")
	require.NoError(t, err)
	constants := regexp.MustCompile(`ProblemCode\s+= "([a-z_]+)"`)
	for _, found := range constants.FindAllSubmatch(source, -1) {
		codes = append(codes, otphttp.ProblemCode(found[1]))
	}
	require.Greater(t, len(codes), 25)
	return codes
}
