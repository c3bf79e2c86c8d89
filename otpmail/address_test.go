package otpmail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestAddressesTaken(t *testing.T) {
	label := strings.Repeat("d", 63)
	domain := label + "." + label + "." + label[:61]
	longest := strings.Repeat("a", 64) + "@" + domain // 64 + 1 + 189 bytes
	for to, want := range map[string]string{
		"ada@example.com":            "ada@example.com",
		"Ada.Lovelace@Example.COM":   "Ada.Lovelace@example.com",
		"o'brien+tag@sub.example.ie": "o'brien+tag@sub.example.ie",
		"!#$%&'*+-/=?^_`{|}~@a.io":   "!#$%&'*+-/=?^_`{|}~@a.io",
		"ada@1st-example.com":        "ada@1st-example.com",
		"ada@bücher.example":         "ada@xn--bcher-kva.example",
		"ada@BüCHER.example":         "ada@xn--bcher-kva.example",
		"ada@xn--bcher-kva.example":  "ada@xn--bcher-kva.example",
		"ada@例え.example":             "ada@xn--r8jz45g.example",
		"ada@faß.example":            "ada@xn--fa-hia.example",
		"ada@ab--cd.example":         "ada@ab--cd.example",

		// As browsers map it: capitals, composition, widths and dots.
		"ada@BÜCHER.example":          "ada@xn--bcher-kva.example",
		"ada@bu\u0308cher.example":    "ada@xn--bcher-kva.example",
		"ada@XN--BCHER-KVA.example":   "ada@xn--bcher-kva.example",
		"ada@ПРИМЕР.рф":               "ada@xn--e1afmkfd.xn--p1ai",
		"ada@例え\u3002jp":              "ada@xn--r8jz45g.jp",
		"ada@ｅｘａｍｐｌｅ．ｃｏｍ":             "ada@example.com",
		"ada@exa\u00ADmple\u200B.com": "ada@example.com",
		"ada@\u212Aelvin.example":     "ada@kelvin.example",
		"ada@gıthub.example":          "ada@xn--gthub-n4a.example", // stays another domain
		"ada@نامه\u200Cای.example":    "ada@xn--mgba3gch31f060k.example",
		"ada@\u2603.example":          "ada@xn--n3h.example",
		longest:                       longest,
	} {
		got, err := otpmail.ParseAddress(to)
		require.NoError(t, err, to)
		require.Equal(t, want, got)
	}
}

func TestAddressesRefused(t *testing.T) {
	label := strings.Repeat("d", 63)
	for _, to := range []string{
		"", "@", "ada", "ada@", "@example.com", "a@b@example.com",
		// More than one, or more than an address.
		"ada@example.com,eve@evil.example", "ada@example.com eve@evil.example",
		"ada@example.com;eve@evil.example",
		"Ada <ada@example.com>", "<ada@example.com>", "Friends: ada@example.com;",
		"ada@example.com (Ada)", "ada(x)@example.com",
		`"ada"@example.com`, `"a@evil.com"@example.com`, `"<script>"@example.com`,
		`"a b"@example.com`, `ada\@evil.com@example.com`,
		// White space and control characters, also those that some trim.
		" ada@example.com", "ada@example.com ", "ada@example.com\n",
		"ada@example.com\r\nBcc: eve@evil.example", "ada\r@example.com",
		"ada@example.com\x00", "a\x00da@example.com", "ada\u2028@example.com",
		"ada@exam\u2028ple.com", "ada\t@example.com", "ada\x7f@example.com",
		"ada@exa\u200Dmple.com",
		"ada\u200B@example.com", "ada@example.com\u202E",
		// Local parts.
		".ada@example.com", "ada.@example.com", "a..da@example.com", "ädå@example.com",
		"xn--d-1ga@example.com", "XN--d-1ga@example.com",
		strings.Repeat("a", 65) + "@example.com", "ada[1]@example.com", "a,b@example.com",
		"a:b@example.com", "a\xff@example.com",
		// Domains.
		"ada@localhost", "ada@[192.0.2.1]", "ada@[IPv6:2001:db8::1]", "ada@192.0.2.1",
		"ada@example.123", "ada@.example.com",
		"ada@example.com.", "ada@example..com", "ada@-example.com", "ada@example-.com",
		"ada@exa_mple.com", "ada@exa mple.com",
		"ada@" + label + "d.com", "ada@xn--a.example", "ada@xn--bcher-kva\u00e9.example",
		"ada@example.com%0a", "ada@a\xff.example",
		// What is mapped to something that no domain has.
		"ada@example\u2100.com", "ada@example.com\u3002", "ada@ex\uFF20ample.com",
		"ada@example\uFF0Ceve.com", "ada@exa\u00A0mple.com", "ada@\uFF3Binvalid\uFF3D",
		// Right-to-left and left-to-right in one label.
		"ada@נעמיa.example",
		// Lengths, before and after the domain is put into ASCII.
		strings.Repeat("a", 64) + "@" + label + "." + label + "." + label[:62],
		strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 24) + "example",
		strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 60) + "example",
		"a@" + strings.Repeat("b.", 1<<12) + "example",
		"a@" + strings.Repeat("ü", 1<<12) + ".example",
		strings.Repeat("a@", 1<<12),
	} {
		got, err := otpmail.ParseAddress(to)
		require.Error(t, err, "%.80q", to)
		require.Empty(t, got)

		separators := func(r rune) bool { return strings.ContainsRune("@ .,;<>", r) }
		for _, part := range strings.FieldsFunc(to, separators) {
			if len(part) > 3 {
				require.NotContains(t, err.Error(), part, "%.80q", to)
			}
		}
	}
}

// What is taken stays the same when it is looked at again, and is plain in every
// respect.
func FuzzAddress(f *testing.F) {
	for _, to := range []string{
		"ada@example.com", "ada@bücher.example", "Ada <a@b.c>", "a@\u212A.com", "a@xn--a.b",
		"\"a\"@b.c",
	} {
		f.Add(to)
	}

	f.Fuzz(func(t *testing.T, to string) {
		first, err := otpmail.ParseAddress(to)
		if err != nil {
			return
		}

		again, err := otpmail.ParseAddress(first)
		require.NoError(t, err)
		require.Equal(t, first, again)

		require.LessOrEqual(t, len(first), 254)
		require.Equal(t, 1, strings.Count(first, "@"))
		require.NotRegexp(t, `[^!-~]`, first)
		local, _, _ := strings.Cut(to, "@")
		require.True(t, strings.HasPrefix(first, local+"@"), "the local part has changed")
	})
}

func TestOneMailboxHasOneBudget(t *testing.T) {
	service, _ := otptest.New(t, otp.Config{Purpose: "sign-in", Normalize: otpmail.Normalize})
	_, err := service.Send(t.Context(), otp.Request{To: "Ada@bücher.example"})
	require.NoError(t, err)

	for _, to := range []string{
		"ada@xn--bcher-kva.example", "ADA@BÜCHER.example", " ada@bu\u0308cher.example\u00A0",
	} {
		_, err := service.Send(t.Context(), otp.Request{To: to})
		require.ErrorIs(t, err, otp.ErrLimited, to)
	}
	_, err = service.Send(t.Context(), otp.Request{To: "ada@b@cher.example"})
	require.ErrorIs(t, err, otp.ErrInvalid)
}
