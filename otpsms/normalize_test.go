package otpsms_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestNormalize(t *testing.T) {
	for typed, want := range map[string]string{
		// As they should be, of every length.
		"+4915112345678":   "+4915112345678",
		"+2901234":         "+2901234",
		"+123456789012345": "+123456789012345",

		// Spaces, of every kind.
		"+49 151 12345678":                  "+4915112345678",
		" +49 151 123 456 78 ":              "+4915112345678",
		"+49  151  12345678":                "+4915112345678",
		"+ 49 151 12345678":                 "+4915112345678",
		"+49\u00a0151\u00a012345678":        "+4915112345678", // no-break
		"+49\u202f151\u202f12345678":        "+4915112345678", // narrow no-break
		"+49\u2009151\u200912345678":        "+4915112345678", // thin
		"+49\u200a151\u200a12345678":        "+4915112345678", // hair
		"+49\u2007151\u200712345678":        "+4915112345678", // figure
		"+49\u2003151\u200212345678":        "+4915112345678", // em, en
		"+49\u3000151\u300012345678":        "+4915112345678", // ideographic
		"\u00a0+49151 12345678\u2009\u202f": "+4915112345678",

		// Dashes, of every kind.
		"+49-151-12345678":           "+4915112345678",
		"+49\u2010151\u201012345678": "+4915112345678", // hyphen
		"+49\u2011151\u201112345678": "+4915112345678", // no-break hyphen
		"+49\u2012151\u201212345678": "+4915112345678", // figure dash
		"+49\u2013151\u201312345678": "+4915112345678", // en dash
		"+49\u2014151\u201412345678": "+4915112345678", // em dash
		"+49\u2212151\u221212345678": "+4915112345678", // minus
		"+49\ufe63151\ufe6312345678": "+4915112345678", // small hyphen
		"+49\uff0d151\uff0d12345678": "+4915112345678", // full-width hyphen
		"+49 - 151 -- 12345678":      "+4915112345678",

		// Dots and parentheses.
		"+49.151.12345678":    "+4915112345678",
		"+1 (212) 555-0100":   "+12125550100",
		"+1(212)555.0100":     "+12125550100",
		"(+49) 151 12345678":  "+4915112345678",
		"+49 (151) 12345678":  "+4915112345678",
		"+(49)(151)(12345678": "+4915112345678",

		// The international prefix of most countries.
		"004915112345678":              "+4915112345678",
		"00 49 151 12345678":           "+4915112345678",
		"0 0 49 151 12345678":          "+4915112345678",
		"00-49-151-12345678":           "+4915112345678",
		"(0049) 151 12345678":          "+4915112345678",
		"(00 49) (151) 12345678":       "+4915112345678",
		"00\u00a044 20 7946\u20090000": "+442079460000",

		// Some national numbers do begin with 0.
		"+39 06 1234 5678":    "+390612345678",
		"+225 07 01 23 45 67": "+2250701234567",
		"0039 06 12345678":    "+390612345678",
	} {
		got, err := otpsms.Normalize(typed)
		if assert.NoError(t, err, "%+q", typed) {
			assert.Equal(t, want, got, "%+q", typed)
		}
	}
}

func TestNormalizeRefuses(t *testing.T) {
	const (
		character = "a character other than"
		trunk     = "a 0 in parentheses"
		national  = "no country code"
		country   = "a country code that begins with 0"
		digits    = "7 to 15 digits"
	)

	for typed, want := range map[string]string{
		// National numbers: of which country?
		"":                national,
		"   ":             national,
		"015112345678":    national,
		"0151 12345678":   national,
		"(0151) 12345678": national,
		"(212) 555-0100":  national,
		"4915112345678":   national,
		"112":             national,

		// What is not dialed from abroad.
		"+44 (0)20 7946 0000":     trunk,
		"+44(0)20 7946 0000":      trunk,
		"+44 ( 0 ) 20 7946 0000":  trunk,
		"+44\u00a0(0)20 79460000": trunk,
		"+44 (020) 7946 0000":     trunk,
		"0044 (0) 20 7946 0000":   trunk,
		"+49-(0)-151-12345678":    trunk,

		// Country codes do not begin with 0.
		"+0049 151 12345678": country,
		"+0151 12345678":     country,
		"000 151 12345678":   country,

		// Too short, too long.
		"+":                        digits,
		"00":                       digits,
		"+123456":                  digits,
		"0012 3456":                digits,
		"+1234567890123456":        digits,
		"001234567890123456":       digits,
		strings.Repeat("1", 1<<20): digits,

		// Everything else.
		"++4915112345678":            character,
		"+49+15112345678":            character,
		"00+4915112345678":           character,
		"4915112345678+":             character,
		"tel:+4915112345678":         character,
		"tel:+49-151-12345678;ext=1": character,
		"+49 151 12345678 ext. 9":    character,
		"+49 151 12345678x9":         character,
		"+49 151/12345678":           character,
		"+49 151 12345678,,9":        character,
		"+49 151 12345678#9":         character,
		"*31#+4915112345678":         character,
		"+1 800 FLOWERS":             character,
		"ada@example.com":            character,
		"+٤٩١٥١١٢٣٤٥٦٧٨":             character, // Arabic-Indic digits
		"＋４９１５１１２３４５６７８":             character, // full-width
		"\u202d+4915112345678\u202c": character, // direction marks, as copied from an address book
		"+49151\u200b12345678":       character, // zero width space
		"+49151\u00ad12345678":       character, // soft hyphen
		"+49151\t12345678":           character,
		"+4915112345678\n":           character,
		"+49151\x0012345678":         character,
		"+49151\xff12345678":         character,
		"+49151~12345678":            character,
	} {
		got, err := otpsms.Normalize(typed)
		assert.Empty(t, got, "%.40q", typed)
		assert.ErrorIs(t, err, otp.ErrInvalid, "%.40q", typed)
		if assert.ErrorContains(t, err, want, "%.40q", typed) {
			checkNoDigitsOf(t, err, typed)
		}
	}
}

// checkNoDigitsOf checks that the error repeats no part of the number.
func checkNoDigitsOf(t *testing.T, err error, typed string) {
	t.Helper()

	for _, part := range regexp.MustCompile(`\d{3,}`).FindAllString(typed, -1) {
		assert.NotContains(t, err.Error(), part)
	}
}

// Two spellings of one number share limits, codes and failures.
func TestSpellingsAreOneAddress(t *testing.T) {
	spellings := []string{"+4915112345678", "+49 151 12345678", "004915112345678",
		"+49\u00a0(151)\u2009123\u2011456\u201178", "(0049) 151.12345678"}

	service, inbox := otptest.New(t, otp.Config{Normalize: otpsms.Normalize, Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 2, Window: time.Hour}},
	}})
	send := func(to string) error {
		_, err := service.Send(t.Context(), otp.Request{To: to})
		return err
	}
	verify := func(to, code string) error {
		return service.Verify(t.Context(), otp.Submission{To: to, Code: code})
	}

	// Limits: two sends in all, whatever their spelling.
	require.NoError(t, send(spellings[0]))
	require.NoError(t, send(spellings[1]))
	for _, to := range spellings {
		require.ErrorIs(t, send(to), otp.ErrLimited)
	}

	// Codes: both messages carry one code. The Sender sees the number as it was given.
	require.Equal(t, inbox.Code(t, spellings[0]), inbox.Code(t, spellings[1]))

	// Failures: each spelling costs the same code an attempt.
	code := inbox.Code(t, spellings[1])
	for i, to := range spellings[:4] {
		require.ErrorIs(t, verify(to, wrong(code)), otp.ErrMismatch)

		for _, other := range spellings {
			status, err := service.Status(t.Context(), otp.Request{To: other})
			require.NoError(t, err)
			require.Equal(t, 4-i, status.AttemptsLeft)
		}
	}

	// The code is accepted under any of them, once.
	require.NoError(t, verify(spellings[4], code))
	for _, to := range spellings {
		require.ErrorIs(t, verify(to, code), otp.ErrUsed)
		require.Equal(t, service.Pseudonym(spellings[0]), service.Pseudonym(to))
	}

	// A national number is a bad request, in every method.
	require.ErrorIs(t, send("0151 12345678"), otp.ErrInvalid)
	require.ErrorIs(t, verify("0151 12345678", code), otp.ErrInvalid)
	require.ErrorIs(t, service.Unlock(t.Context(), "0151 12345678"), otp.ErrInvalid)
}

// wrong returns another code of the same length.
func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// FuzzNormalize: what is taken is E.164, has the digits that were typed, and stays as it is.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"+49 151 12345678", "0044 (20) 7946-0000", "+44 (0)20",
		"+1.2\u2013345678"} {
		f.Add(seed)
	}

	form := regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	digits := regexp.MustCompile(`[^0-9]`)

	f.Fuzz(func(t *testing.T, typed string) {
		got, err := otpsms.Normalize(typed)
		if err != nil {
			return
		}

		require.Regexp(t, form, got)
		require.Equal(t, strings.TrimPrefix(digits.ReplaceAllString(typed, ""), "00"), got[1:])

		again, err := otpsms.Normalize(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
