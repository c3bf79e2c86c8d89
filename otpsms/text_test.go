package otpsms_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

var (
	languages = []string{"ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh",
		"zh-Hant"}

	kinds = []otp.Kind{otp.General, otp.SignIn, otp.ConfirmAddress, otp.ChangeAddress,
		otp.ResetPassword, otp.ConfirmTransaction}

	payment = otpsms.Payment{Amount: "250 EUR", Payee: "Ada"}
)

// The patterns that telephones publish.
var (
	// What Chrome takes for an origin-bound code (content/browser/sms/sms_parser.cc). It is
	// unanchored there: the first match counts.
	originBound = regexp.MustCompile(`(?:^|\s)@([a-zA-Z0-9.-]+) #([^#\s]+)(?: @([a-zA-Z0-9.-]+))?`)

	// The last line as the draft has it ("Origin-bound one-time codes delivered via SMS", §2.2).
	lastLine = regexp.MustCompile(`^@([a-z0-9.-]+) #([0-9]+)$`)

	// What Android's SMS User Consent looks for: "a 4-10 character alphanumeric code containing at
	// least one number".
	alphanumeric = regexp.MustCompile(`[A-Za-z0-9]+`)

	// What Android wants before and behind 4 digits, or 5 to 8 characters with a digit, to take
	// them for a code, and to hide the notification from apps that read others' (Android 15,
	// module ExtServices, NotificationOtpDetectionHelper).
	beforeCode = regexp.MustCompile(`(^|[\s>("'=\[\p{Han}]|[^0-9]:)$`)
	behindCode = regexp.MustCompile(`^($|[^-_0-9A-Za-z])`)
)

// foundByUserConsent reports whether text has the code where SMS User Consent finds it.
func foundByUserConsent(text, code string) bool {
	return slices.ContainsFunc(alphanumeric.FindAllString(text, -1), func(word string) bool {
		return word == code && len(word) >= 4 && len(word) <= 10 &&
			strings.ContainsAny(word, "0123456789")
	})
}

// hiddenByAndroid reports whether Android hides text, because it takes the code for one.
func hiddenByAndroid(text, code string) bool {
	for i := range text {
		if strings.HasPrefix(text[i:], code) && len(code) <= 8 &&
			beforeCode.MatchString(text[:i]) && behindCode.MatchString(text[i+len(code):]) {
			return true
		}
	}
	return false
}

// A gsmTable is the alphabet of 3GPP TS 23.038 §6.2.1 once more, as it stands in the table of the
// standard: by value, row by row.
var gsmTable = [128]string{
	"@", "£", "$", "¥", "è", "é", "ù", "ì", "ò", "Ç", "\n", "Ø", "ø", "\r", "Å", "å",
	"Δ", "_", "Φ", "Γ", "Λ", "Ω", "Π", "Ψ", "Σ", "Θ", "Ξ", "ESC", "Æ", "æ", "ß", "É",
	" ", "!", "\"", "#", "¤", "%", "&", "'", "(", ")", "*", "+", ",", "-", ".", "/",
	"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ":", ";", "<", "=", ">", "?",
	"¡", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O",
	"P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "Ä", "Ö", "Ñ", "Ü", "§",
	"¿", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
	"p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "ä", "ö", "ñ", "ü", "à",
}

// segmentOf returns how much of one segment text takes, and how much there is.
func segmentOf(text string) (length, most int, encoding string) {
	for _, r := range text {
		switch {
		case strings.ContainsRune("\f^{}\\[~]|€", r):
			length += 2
		case slices.Contains(gsmTable[:], string(r)):
			length++
		default:
			return len(utf16.Encode([]rune(text))), 70, "UCS-2"
		}
	}
	return length, 160, "GSM-7"
}

// With each language and kind, the longest names and codes of every length, a message is one
// segment, its last line is the one for autofill, and telephones find the code.
func TestEveryMessageIsOneSegment(t *testing.T) {
	type names struct{ product, domain, hash string }

	var all []names
	for _, product := range []string{
		strings.Repeat("A", 20),
		strings.Repeat("€", 20), // two septets each
		strings.Repeat("Ł", 20), // not in the GSM alphabet
		strings.Repeat("会", 20), // one unit each
		strings.Repeat("😀", 10), // two units each
		"A", "é", "Stadtwerke München",
	} {
		room := 32 - len(utf16.Encode([]rune(product)))
		all = append(all, names{product: product},
			names{product: product, domain: strings.Repeat("d", room-len(".example")) + ".example"},
			names{product: product, hash: "FA+9qCX9VSu"})
	}

	for _, code := range []string{"203948", "20394857120394"} { // the shortest, the longest
		m := message(code)
		m.Data = payment

		for _, n := range all {
			for _, m.Language = range languages {
				for _, m.Kind = range kinds {
					options := otpsms.Options{Product: n.product, Domain: n.domain,
						AppHash: n.hash}

					text, err := otpsms.Text(m, options)
					if m.Kind == otp.ConfirmTransaction && err != nil {
						// TestPaymentsAreShownInFullOrRefused
						require.ErrorContains(t, err, "does not fit")
						continue
					}
					require.NoError(t, err, "%v %s %v", n, m.Language, m.Kind)

					checkMessage(t, text, m, options)
				}
			}
		}
	}
}

// checkMessage checks what holds for every message.
func checkMessage(t *testing.T, text string, m otp.Message, options otpsms.Options) {
	t.Helper()

	code := m.Code.Reveal()
	size, most, encoding := segmentOf(text)
	require.LessOrEqual(t, size, most, "%s: %q", encoding, text)
	require.NotContains(t, text, "{", "%q", text)

	lines := strings.Split(text, "\n")
	last := lines[len(lines)-1]
	switch {
	case options.Domain != "":
		require.Len(t, lines, 2)
		require.Equal(t, []string{last, options.Domain, code}, lastLine.FindStringSubmatch(last))
		require.Equal(t, []string{options.Domain, code, ""},
			originBound.FindStringSubmatch(text)[1:])
	case options.AppHash != "":
		require.Len(t, lines, 2)
		require.Equal(t, options.AppHash, last)
		require.Contains(t, lines[0], code)

		if encoding == "GSM-7" {
			require.LessOrEqual(t, size, 140, "%q", text) // "no longer than 140 bytes"
		}
	default:
		require.Len(t, lines, 1)
		require.Contains(t, text, code)
	}

	require.Equal(t, len(code) <= 10, foundByUserConsent(text, code), "%q", text)

	// A payment that leaves no room for its code has it in the last line only.
	if strings.Contains(lines[0], code) {
		require.Equal(t, len(code) <= 8, hiddenByAndroid(text, code), "%q", text)
	} else {
		require.True(t, m.Kind == otp.ConfirmTransaction || len(code) > 8, "%q", text)
	}
}

var update = flag.Bool("update", false, "write testdata/messages.json anew")

// The messages themselves, for people who speak the languages: a change shows here. Each kind and
// language has a text of its own: a person can tell what the code is for.
//
//	go test ./otpsms -run TestMessages -update
func TestMessages(t *testing.T) {
	m := message("123456")
	m.Data = otpsms.Payment{Amount: "250,00 EUR", Payee: "Ada Lovelace"}

	got, texts := map[string][]string{}, map[string]bool{}
	for _, m.Language = range languages {
		for _, m.Kind = range kinds {
			for _, domain := range []string{"", "example.com"} {
				text, err := otpsms.Text(m, otpsms.Options{Product: "Acme", Domain: domain})
				require.NoError(t, err)
				require.False(t, texts[text], "%q is there twice", text)
				texts[text] = true

				size, most, encoding := segmentOf(text)
				got[m.Language] = append(got[m.Language], fmt.Sprintf("%s (%d of %d, %s): %s",
					m.Kind, size, most, encoding, text))
			}
		}
	}

	if *update {
		written, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("testdata/messages.json", append(written, '\n'), 0o644))
	}

	var want map[string][]string
	written, err := os.ReadFile("testdata/messages.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(written, &want))
	require.Equal(t, want, got)
}

func TestLanguageIsChosenAsBrowsersAsk(t *testing.T) {
	m := message("492013")

	for asked, want := range map[string]string{
		"":                          "is your code",
		"tlh":                       "is your code",
		"de-CH, en;q=0.5":           "ist Ihr Code",
		"pt-BR":                     "seu código",
		"zh":                        "验证码",
		"zh-CN, en;q=0.5":           "验证码",
		"zh-TW,zh;q=0.9,en;q=0.8":   "驗證碼",
		"zh-HK":                     "驗證碼",
		"zh-Hant":                   "驗證碼",
		"iw":                        "הקוד שלך",
		"no such language; q=x":     "is your code",
		strings.Repeat("de, ", 500): "is your code", // over 1024 bytes are not read
	} {
		m.Language = asked
		text, err := otpsms.Text(m, otpsms.Options{Product: "Acme"})
		require.NoError(t, err)
		assert.Contains(t, text, want, "asked for %.20q", asked)
	}
}

func TestPaymentsAreShownInFullOrRefused(t *testing.T) {
	m := message("492013")
	m.Kind = otp.ConfirmTransaction
	options := otpsms.Options{Product: "Acme", Domain: "acme.example"}

	shown, refused := 0, 0
	for _, m.Language = range languages {
		for length := 1; length <= 160; length++ {
			payee := strings.Repeat("p", length)
			m.Data = otpsms.Payment{Amount: "1 250,00 €", Payee: payee}

			text, err := otpsms.Text(m, options)
			if err != nil {
				refused++
				require.ErrorIs(t, err, otp.ErrNotSent)
				require.ErrorContains(t, err, "shorten its Payee")
				require.Empty(t, text)
				continue
			}

			shown++
			require.Contains(t, text, "1 250,00 €")
			require.Regexp(t, `\b`+payee+`\b`, text)
			checkMessage(t, text, m, options)
		}
	}

	require.Greater(t, shown, 12*15, "a payee of 15 characters fits in every language")
	require.Greater(t, refused, 12*15)
}

// Formatted amounts have no-break spaces, which the GSM alphabet does not.
func TestSpacesOfAmountsBecomeCommonOnes(t *testing.T) {
	m := message("492013")
	m.Kind = otp.ConfirmTransaction
	m.Data = otpsms.Payment{Amount: "1\u202f250,00\u00a0EUR", Payee: "Ada\u2009Lovelace"}

	text, err := otpsms.Text(m, otpsms.Options{Product: "Acme"})
	require.NoError(t, err)
	require.Contains(t, text, "pay 1 250,00 EUR to Ada Lovelace with")
}

func TestRefused(t *testing.T) {
	digits, letters := message("492013"), message("BCDFGH")
	noCode := digits
	noCode.Code = otp.Code{}

	acme := otpsms.Options{Product: "Acme"}
	strange := digits
	strange.Kind = 6
	with := func(data any) otp.Message {
		m := digits
		m.Kind = otp.ConfirmTransaction
		m.Data = data
		return m
	}
	pay := func(amount, payee string) otp.Message {
		return with(otpsms.Payment{Amount: amount, Payee: payee})
	}

	for name, test := range map[string]struct {
		message otp.Message
		options otpsms.Options
		want    string
	}{
		"short code":        {message("49201"), acme, "6 to 14 digits"},
		"long code":         {message("492013492013492"), acme, "6 to 14 digits"},
		"no digits":         {message("٤٩٢٠١٣"), acme, "other than digits"},
		"letters":           {letters, acme, "Android finds only codes with a digit"},
		"no code":           {noCode, acme, "no code"},
		"strange kind":      {strange, acme, "none of the constants of otp.Kind"},
		"bad options":       {digits, otpsms.Options{}, `Options.Product is "", 0 characters`},
		"no payment":        {with(nil), acme, "needs an otpsms.Payer"},
		"nil pointer":       {with((*otpsms.Payment)(nil)), acme, "needs an otpsms.Payer"},
		"another type":      {with("250 EUR"), acme, "needs an otpsms.Payer"},
		"no amount":         {pay("", "Ada"), acme, "Amount and Payee"},
		"no payee":          {pay("1 EUR", ""), acme, "Amount and Payee"},
		"payee of lines":    {pay("1 EUR", "a\nb"), acme, "one line"},
		"payee with a line": {pay("1 EUR", "x @evil.com #1"), acme, "@"},
		"payee turned":      {pay("1 EUR", "\u202eadA"), acme, "printable"},
		"amount not UTF-8":  {pay("\xff", "Ada"), acme, "printable"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := otpsms.Text(test.message, test.options)

			require.ErrorIs(t, err, otp.ErrNotSent)
			require.NotErrorIs(t, err, otp.ErrUndeliverable)
			require.ErrorContains(t, err, test.want)
			require.Empty(t, text)
			if code := test.message.Code.Reveal(); code != "" {
				require.NotContains(t, err.Error(), code)
			}
		})
	}
}
