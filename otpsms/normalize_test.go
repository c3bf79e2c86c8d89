package otpsms_test

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestNormalize(t *testing.T) {
	for want, all := range map[string][]string{
		// Spaces, dashes (those of every kind are below), dots and parentheses; the international
		// prefix of most countries; digits of other scripts, the last of three mathematical fonts;
		// what nobody sees, as copied from an address book or a page; a trunk prefix.
		"+4915112345678": {
			"+4915112345678", " +49 151 123 456 78 ", "+49  151  12345678",
			"+ 49 151 12345678", "\u00a0+49151 12345678\u2009\u202f",
			"+49 - 151 -- 12345678", "+49.151.12345678", "(+49) 151 12345678",
			"+49 (151) 12345678", "+(49)(151)(12345678", "004915112345678",
			"00 49 151 12345678", "0 0 49 151 12345678", "00-49-151-12345678",
			"(0049) 151 12345678", "(00 49) (151) 12345678", "＋４９（１５１）１２３４－５６７８",
			"۰۰۴۹ ۱۵۱ ۱۲۳۴۵۶۷۸", "+𝟜𝟡 𝟷𝟻𝟷 𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "\u202a+49 151 12345678\u202c",
			"\u200e+49 151 12345678\u200e\u2069", "+49151\u200b123\u2060456\u00ad78",
			"\ufeff+4915112345678\t\r\n", "tel:+49-151-12345678", "TEL:004915112345678",
			"+49-(0)-151-12345678", "+49 0151 12345678",
		},
		"+2901234":         {"+2901234"},
		"+123456789012345": {"+123456789012345"},
		"+12125550100":     {"+1 (212) 555-0100", "+1(212)555.0100"},

		// Trunk prefixes, which are not dialed from abroad.
		"+442079460000": {
			"00\u00a044 20 7946\u20090000", "+44 (0)20 7946 0000", "+44 ( 0 ) 20 7946 0000",
			"+44 (020) 7946 0000", "0044 (0) 20 7946 0000",
		},
		"+442079460":    {"+44\u00a0(0)20\u00a079460"},
		"+201001201511": {"+20 010 01201511"},
		"+819012345678": {"+81 (0)90-1234-5678"},
		"+79123456789":  {"+7 (8) 912 345-67-89"},
		"+74951234567":  {"+7 (8495) 123-45-67"},
		"+78005553535":  {"+7 8 800 555-35-35", "+7 800 555-35-35"},
		"+375152450911": {"+375 (8)152 450911", "+375 8 0152 450911"},
		"+37061234567":  {"+370 (8) 612 34567", "+370 0 612 34567"},
		"+99366123456":  {"+993 8 66 123456"},
		"+12015505814":  {"+1 (1) 201-550-5814"},
		"+36201234567":  {"+36 06 20 123 4567", "+36 (06) 20 123 4567"},
		"+525512345678": {"+52 1 55 1234 5678", "+52 (044) 55 1234 5678"},
		"+541143215678": {"+54 (011) 4321-5678"},
		"+250788123456": {"+250 (0)788 123 456"},

		// What belongs to the number.
		"+390612345678":    {"+39 06 1234 5678", "+39 (06) 1234 5678", "0039 06 12345678"},
		"+2250701234567":   {"+225 07 01 23 45 67"},
		"+3780549886377":   {"+378 (0549) 886377"},
		"+78121234567":     {"+7 812 123-45-67"},
		"+375800112233":    {"+375 800 11 22 33"},
		"+910008009190000": {"+91 000 800 919 0000"},
		"+25006123456":     {"+250 06 123456"},
		"+5491123456789":   {"+54 9 11 2345-6789"},
		"+989601":          {"+98 9601"}, // 6 digits, a number of Iran
		"+781212345":       {"+7 812 123-45"},
	} {
		for _, typed := range all {
			got, err := otpsms.Normalize(typed)
			assert.NoError(t, err, "%+q", typed)
			assert.Equal(t, want, got, "%+q", typed)
		}
	}
}

func TestNormalizeRefuses(t *testing.T) {
	for problem, all := range map[otpsms.NumberProblem][]string{
		// National numbers: of which country?
		otpsms.ProblemNational: {
			"", "   ", "015112345678", "0151 12345678", "(0151) 12345678", "(212) 555-0100",
			"4915112345678", "112",
		},
		// What is no country code.
		otpsms.ProblemCountryCode: {
			"+0049 151 12345678", "+0151 12345678", "000 151 12345678", "+210 123 456 78",
		},
		// Trunk prefixes without which the plan has no number of this length, or no number at
		// all, some with the code of a carrier.
		otpsms.ProblemTrunkPrefix: {
			"+34 0612 345 678", "+1 (0)212 555 0100", "+7 0912 345 67 89",
			"+49 00 151 12345678", "+225 0 07 01 23 45 67", "+33 0 6 12 34 56 78 9",
			"+55 0 15 11 96123-4567", "+54 11 15 2345 6789", "+54 011 15-2345-6789",
			"+54 9 11 15 2345 6789",
		},
		// Too short, too long.
		otpsms.ProblemLength: {
			"+", "00", "+12345", "+123456", "0012 3456", "+1234567890123456",
			"001234567890123456", strings.Repeat("1", 1<<20),
		},
		// Everything else, numerals among it, which are no digits.
		otpsms.ProblemCharacter: {
			"++4915112345678", "+49+15112345678", "00+4915112345678", "4915112345678+",
			"tel:tel:+4915112345678", "tel:+49-151-12345678;ext=1",
			"+49 151 12345678 ext. 9", "+49 151 12345678x9", "+49 151/12345678",
			"+49 151 12345678,,9", "+49 151 12345678#9", "*31#+4915112345678",
			"+1 800 FLOWERS", "ada@example.com", "+四九一五一一二三四五六七八", "+49 151 ¹²³⁴⁵⁶⁷⁸",
			"+49151\x0012345678", "+49151\xff12345678", "+49151~12345678",
		},
	} {
		for _, typed := range all {
			got, err := otpsms.Normalize(typed)
			require.Empty(t, got, "%.40q", typed)
			require.ErrorIs(t, err, otp.ErrInvalid, "%.40q", typed)
			require.Equal(t, &otpsms.NumberError{Problem: problem}, err, "%.40q", typed)
			checkNoDigitsOf(t, err, typed)
		}
	}
}

// Spaces (from no-break to ideographic), dashes (from hyphen to full-width) and what else stands
// between digits, of every kind.
func TestNormalizeReadsEverySeparator(t *testing.T) {
	const all = " \u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000" +
		"-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0dー.()\ufe59\ufe5a"
	for _, separator := range all {
		got, err := otpsms.Normalize(strings.ReplaceAll("+49x151x12345678", "x", string(separator)))
		assert.NoError(t, err, "%U", separator)
		assert.Equal(t, "+4915112345678", got, "%U", separator)
	}
}

// Every decimal digit of Unicode is read as what it stands for.
func TestNormalizeReadsEveryDigit(t *testing.T) {
	for _, table := range unicode.Nd.R16 {
		checkDigits(t, rune(table.Lo), rune(table.Hi))
	}
	for _, table := range unicode.Nd.R32 {
		checkDigits(t, rune(table.Lo), rune(table.Hi))
	}
}

func checkDigits(t *testing.T, first, last rune) {
	t.Helper()
	for r := first; r <= last; r++ {
		got, err := otpsms.Normalize("+49151" + strings.Repeat(string(r), 8))
		require.NoError(t, err, "%U", r)
		require.Equal(t, "+49151"+strings.Repeat(strconv.Itoa(int(r-first)%10), 8), got, "%U", r)
	}
}

// A Service tells what is wrong with a number, for pages to say.
func TestNumberErrorReachesTheCaller(t *testing.T) {
	service, _ := otptest.New(t, otp.Config{Normalize: otpsms.Allow("49")})

	for to, want := range map[string]otpsms.NumberProblem{
		"0151 12345678":    otpsms.ProblemNational,
		"+44 20 7946 0000": otpsms.ProblemNotServed,
	} {
		_, err := service.Send(t.Context(), otp.Request{To: to})
		require.ErrorIs(t, err, otp.ErrInvalid)
		refused, found := errors.AsType[*otpsms.NumberError](err)
		require.True(t, found)
		require.Equal(t, want, refused.Problem)
	}
}

func TestAllow(t *testing.T) {
	normalize := otpsms.Allow("49", "1212")

	for typed, want := range map[string]string{
		"+49 (0)151 12345678": "+4915112345678",
		"+1 212 555 0100":     "+12125550100",
	} {
		got, err := normalize(typed)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}

	for typed, want := range map[string]otpsms.NumberProblem{
		"+1 242 555 0100":  otpsms.ProblemNotServed,
		"+44 20 7946 0000": otpsms.ProblemNotServed,
		"+883 5100 123456": otpsms.ProblemNotServed,
		"0151 12345678":    otpsms.ProblemNational,
	} {
		got, err := normalize(typed)
		require.Empty(t, got)
		require.Equal(t, &otpsms.NumberError{Problem: want}, err)
	}

	for _, bad := range [][]string{{}, {""}, {"49", "+44"}, {"0"}, {"DE"}, {"49 151"}} {
		require.Panics(t, func() { otpsms.Allow(bad...) }, "%q", bad)
	}
}

// checkNoDigitsOf checks that the error repeats no part of the number.
func checkNoDigitsOf(t *testing.T, err error, typed string) {
	t.Helper()

	for _, part := range regexp.MustCompile(`\d{3,}`).FindAllString(typed, -1) {
		assert.NotContains(t, err.Error(), part)
	}
}

// Spellings of one number share limits, codes and failures.
func TestSpellingsAreOneAddress(t *testing.T) {
	spellings := []string{"+4915112345678", "+49 151 12345678", "004915112345678",
		"+49\u00a0(151)\u2009123\u2011456\u201178", "(0049) 151.12345678"}
	service, inbox := otptest.New(t, otp.Config{Normalize: otpsms.Normalize, Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 1, Window: time.Hour}},
	}})
	_, err := service.Send(t.Context(), otp.Request{To: spellings[0]})
	require.NoError(t, err)

	code := inbox.Code(t, spellings[0])
	wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
	for i, to := range spellings {
		_, err := service.Send(t.Context(), otp.Request{To: to})
		require.ErrorIs(t, err, otp.ErrLimited, to)

		status, err := service.Status(t.Context(), otp.Request{To: to})
		require.NoError(t, err)
		require.Equal(t, 5-i, status.AttemptsLeft)
		require.Equal(t, service.Pseudonym(spellings[0]), service.Pseudonym(to))
		if i < 4 {
			err := service.Verify(t.Context(), otp.Submission{To: to, Code: wrong})
			require.ErrorIs(t, err, otp.ErrMismatch)
		}
	}
	require.NoError(t, service.Verify(t.Context(), otp.Submission{To: spellings[4], Code: code}))
}

// What is taken is E.164 and stays as it is.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"+49 151 12345678", "0044 (20) 7946-0000", "+44 (0)20 79460000",
		"+1.2\u2013345678", "＋７ （８） ９１２ ３４５６７８９", "+54 011 15-2345-6789"} {
		f.Add(seed)
	}

	form := regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := otpsms.Normalize(typed)
		if err != nil {
			return
		}

		require.Regexp(t, form, got)
		again, err := otpsms.Normalize(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
