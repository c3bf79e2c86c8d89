package sesmail_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

func TestAddressesTaken(t *testing.T) {
	label := strings.Repeat("d", 63)
	longest := strings.Repeat("a", 64) + "@" + label + "." + label + "." + label[:61] // 64 + 1 + 189
	for to, want := range map[string]string{
		"ada@example.com":            "ada@example.com",
		"Ada.Lovelace@Example.COM":   "Ada.Lovelace@example.com", // the local part is the mailbox's own affair
		"o'brien+tag@sub.example.ie": "o'brien+tag@sub.example.ie",
		"!#$%&'*+-/=?^_`{|}~@a.io":   "!#$%&'*+-/=?^_`{|}~@a.io",
		"ada@1st-example.com":        "ada@1st-example.com",
		"ada@bücher.example":         "ada@xn--bcher-kva.example",
		"ada@BüCHER.example":         "ada@xn--bcher-kva.example",
		"ada@xn--bcher-kva.example":  "ada@xn--bcher-kva.example",
		"ada@例え.example":             "ada@xn--r8jz45g.example",
		"ada@faß.example":            "ada@xn--fa-hia.example", // not fass.example
		longest:                      longest,
	} {
		api := &fakeAPI{}
		m := message(t, otp.Request{})
		m.To = to
		if err := newSender(t, api, nil).Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", to, err)
			continue
		}
		destination := api.inputs[0].Destination
		if got := destination.ToAddresses; len(got) != 1 || got[0] != want || destination.CcAddresses != nil || destination.BccAddresses != nil {
			t.Errorf("%q: sent to %+v, want %q only", to, destination, want)
		}
	}
}

func TestAddressesRefused(t *testing.T) {
	label := strings.Repeat("d", 63)
	api := &fakeAPI{}
	s := newSender(t, api, nil)
	m := message(t, otp.Request{})
	for _, to := range []string{
		"", "@", "ada", "ada@", "@example.com", "a@b@example.com",
		// More than one, or more than an address.
		"ada@example.com,eve@evil.example", "ada@example.com eve@evil.example", "ada@example.com;eve@evil.example",
		"Ada <ada@example.com>", "<ada@example.com>", "Friends: ada@example.com;", "ada@example.com (Ada)", "ada(x)@example.com",
		`"ada"@example.com`, `"a@evil.com"@example.com`, `"<script>"@example.com`, `"a b"@example.com`, `ada\@evil.com@example.com`,
		// White space and control characters, also those that some trim.
		" ada@example.com", "ada@example.com ", "ada@example.com\n", "ada@example.com\r\nBcc: eve@evil.example", "ada\r@example.com",
		"ada@example.com\x00", "a\x00da@example.com", "ada\u2028@example.com", "ada@exam\u2028ple.com", "ada\t@example.com", "ada\x7f@example.com",
		"ada@exa\u00ADmple.com", "ada@exa\u200Bmple.com", "ada@exa\u200Dmple.com", "ada\u200B@example.com", "ada@example.com\u202E",
		// Local parts.
		".ada@example.com", "ada.@example.com", "a..da@example.com", "ädå@example.com", "xn--d-1ga@example.com", "XN--d-1ga@example.com",
		strings.Repeat("a", 65) + "@example.com", "ada[1]@example.com", "a,b@example.com", "a:b@example.com", "a\xff@example.com",
		// Domains.
		"ada@localhost", "ada@[192.0.2.1]", "ada@[IPv6:2001:db8::1]", "ada@192.0.2.1", "ada@example.123", "ada@.example.com",
		"ada@example.com.", "ada@example..com", "ada@-example.com", "ada@example-.com", "ada@exa_mple.com", "ada@exa mple.com",
		"ada@" + label + "d.com", "ada@xn--a.example", "ada@xn--bcher-kva\u00e9.example", "ada@example.com%0a", "ada@a\xff.example",
		// Nothing is folded onto a look-alike: each of these would become another domain.
		"ada@\u212Aelvin.example", "ada@g\u0130thub.example", "ada@gıthub.example\u3002com", "ada@ｅxample.com", "ada@example\uFF0Ecom", "ada@ſcript.example",
		"ada@BÜCHER.example", "ada@ﬁn.example", "ada@bu\u0308cher.example",
		// Lengths, before and after the domain is put into ASCII.
		strings.Repeat("a", 64) + "@" + label + "." + label + "." + label[:62],
		strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 24) + "example",
		strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 60) + "example",
		"a@" + strings.Repeat("b.", 1<<20) + "example",
		"a@" + strings.Repeat("ü", 1<<20) + ".example",
		strings.Repeat("a@", 1<<20),
	} {
		m.To = to
		err := s.Send(t.Context(), m)
		if !errors.Is(err, otp.ErrUndeliverable) {
			t.Errorf("%.80q: got %v, want ErrUndeliverable", to, err)
			continue
		}
		for _, part := range strings.FieldsFunc(to, func(r rune) bool { return strings.ContainsRune("@ .,;<>", r) }) {
			if len(part) > 3 && strings.Contains(err.Error(), part) {
				t.Errorf("%.80q: the error holds part of it: %v", to, err)
			}
		}
	}
	if len(api.inputs) != 0 {
		t.Errorf("%d messages were sent", len(api.inputs))
	}
}

// FuzzAddress: what is taken stays the same when it is looked at again, and is plain in every respect.
func FuzzAddress(f *testing.F) {
	for _, to := range []string{"ada@example.com", "ada@bücher.example", "Ada <a@b.c>", "a@\u212A.com", "a@xn--a.b", "\"a\"@b.c"} {
		f.Add(to)
	}
	f.Fuzz(func(t *testing.T, to string) {
		send := func(to string) (string, bool) {
			api := &fakeAPI{}
			m := message(t, otp.Request{})
			m.To, m.ExpiresAt = to, time.Now().Add(time.Minute)
			if err := newSender(t, api, nil).Send(t.Context(), m); err != nil {
				return "", false
			}
			return api.inputs[0].Destination.ToAddresses[0], true
		}
		first, ok := send(to)
		if !ok {
			return
		}
		again, ok := send(first)
		if !ok || again != first {
			t.Fatalf("%q became %q, and that %q (%v)", to, first, again, ok)
		}
		if len(first) > 254 || strings.Count(first, "@") != 1 || strings.ContainsFunc(first, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q became %q", to, first)
		}
		local, _, _ := strings.Cut(to, "@")
		if !strings.HasPrefix(first, local+"@") {
			t.Fatalf("%q became %q: the local part has changed", to, first)
		}
	})
}

func TestFrom(t *testing.T) {
	for from, want := range map[string]string{
		"no-reply@acme.example":                "no-reply@acme.example",
		"Acme <no-reply@acme.example>":         `"Acme" <no-reply@acme.example>`,
		`"Acme, Inc." <no-reply@Acme.Example>`: `"Acme, Inc." <no-reply@acme.example>`,
		"Bücher <x@bücher.example>":            "=?utf-8?q?B=C3=BCcher?= <x@xn--bcher-kva.example>",
	} {
		api := &fakeAPI{}
		s, err := sesmail.New(api, from, nil)
		if err != nil {
			t.Errorf("%q: %v", from, err)
			continue
		}
		if err := s.Send(t.Context(), message(t, otp.Request{})); err != nil {
			t.Fatal(err)
		}
		if got := *api.inputs[0].FromEmailAddress; got != want {
			t.Errorf("%q: sent from %q, want %q", from, got, want)
		}
	}
	for _, from := range []string{
		"", "acme", "a@localhost", "a@acme.example, b@acme.example", "Acme\r\nBcc: eve@evil.example <a@acme.example>",
		"=?utf-8?q?Acme=0D=0ABcc:_eve@evil.example?= <a@acme.example>", "=?utf-8?q?Ac=E2=80=A8me?= <a@acme.example>",
		`"a@evil.com"@example.com`, strings.Repeat("A", 65) + " <a@acme.example>",
	} {
		if s, err := sesmail.New(&fakeAPI{}, from, nil); err == nil || s != nil || !strings.Contains(err.Error(), "sesmail: from is ") {
			t.Errorf("%q: got %v, %v", from, s, err)
		}
	}
}
