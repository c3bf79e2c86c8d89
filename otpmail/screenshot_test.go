package otpmail_test

import (
	"flag"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
)

var screenshots = flag.String("screenshots", "", "take pictures of mails, into this folder")

const phone = 360 // pixels

// Chromium takes pictures (make screenshots) for a person to look at: each kind of mail in three
// languages, light and dark, as wide as a phone. Nothing is checked but that they can be taken.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		return
	}
	require.NoError(t, os.MkdirAll(*screenshots, 0o755))

	opts := acme()
	opts.Links = map[string]string{"sign-in": "https://acme.example/code"}
	s := newCatalog(t, opts)
	shoot(t, "mail", phone,
		render(t, s, message("sign-in", "en")), render(t, s, message("pay", "ar")))

	pictured := []string{"en", "de", "ar"}
	for purpose := range purposes {
		var mails []otpmail.Mail
		for _, language := range pictured {
			mails = append(mails, render(t, s, message(purpose, language)))
		}
		shoot(t, "kind-"+purpose, phone, mails...)
	}
	for _, kind := range noticeKinds {
		var mails []otpmail.Mail
		for _, language := range pictured {
			mail, err := s.Notice(notice(kind, language))
			require.NoError(t, err)
			mails = append(mails, mail)
		}
		shoot(t, "notice-"+strings.ReplaceAll(kind.String(), "_", "-"), phone, mails...)
	}
	hard(t)

	script := "../internal/browsers/mails.mjs"
	out, err := exec.Command("node", script, *screenshots).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// hard takes pictures of what could break the layout, on the narrowest phone.
func hard(t *testing.T) {
	opts := acme()
	opts.Product = "Donaudampfschifffahrtsgesellschaft & Töchter International Ltd."
	opts.Logo = "https://acme.example/logo.png" // not there: the picture has its text
	opts.Color = "#ffe14d"
	s := newCatalog(t, opts)

	for _, language := range otpmail.Languages() {
		m := message("pay", language)
		m.Data = otpmail.Details{
			{Name: "Amount", Value: "€250.00"},
			{Name: "International bank account number",
				Value: strings.Repeat("DE89370400440532013000", 3)},
			{Name: "To", Value: "عبد الرحمن بن محمد & Sons (Holding)"},
		}
		shoot(t, "hard-"+language, 320, render(t, s, m))
	}
}

// shoot writes a page with mails side by side, each for a light and for a dark screen.
func shoot(t *testing.T, name string, width int, mails ...otpmail.Mail) {
	t.Helper()

	page := `<!DOCTYPE html><body style="margin:0;display:flex;width:min-content">`
	for _, mail := range mails {
		for _, scheme := range []string{"light", "dark"} {
			page += fmt.Sprintf(`<iframe style="border:0;width:%dpx;color-scheme:%s" srcdoc="%s">`+
				`</iframe>`, width, scheme, html.EscapeString(mail.HTML))
		}
	}
	file := filepath.Join(*screenshots, name+".html")
	require.NoError(t, os.WriteFile(file, []byte(page), 0o644))
}
