//go:build screenshots

package otpmail_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
)

var screenshots = flag.String("screenshots", "", "directory to write the pictures to")

const phone = 360 // pixels

// Chromium takes pictures (make screenshots) for a person to look at: each kind of mail in three
// languages, light and dark, as wide as a phone. Nothing is checked but that they can be taken.
func TestScreenshots(t *testing.T) {
	require.NotEmpty(t, *screenshots, "-screenshots")
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

// shoot takes a picture of mails side by side, each for a light and for a dark screen, and leaves
// off what is empty at the bottom.
func shoot(t *testing.T, name string, width int, mails ...otpmail.Mail) {
	t.Helper()

	frames := `<body style="margin:0;display:flex">`
	for _, mail := range mails {
		for _, scheme := range []string{"light", "dark"} {
			frames += fmt.Sprintf(`<iframe style="flex:none;border:0;width:%dpx;height:900px;`+
				`color-scheme:%s" srcdoc="%s"></iframe>`, width, scheme, html.EscapeString(mail.HTML))
		}
	}
	page, file := filepath.Join(t.TempDir(), "page.html"), filepath.Join(*screenshots, name+".png")
	require.NoError(t, os.WriteFile(page, []byte(frames), 0o600))

	all := 2 * len(mails) * width
	chromium := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=2000",
		fmt.Sprintf("--window-size=%d,900", all), "--screenshot="+file, "file://"+page)
	out, err := chromium.CombinedOutput()
	require.NoError(t, err, "%s", out)

	content, err := os.ReadFile(file)
	require.NoError(t, err)
	shot, err := png.Decode(bytes.NewReader(content))
	require.NoError(t, err)
	cut := image.NewPaletted(image.Rect(0, 0, all, filled(shot)), colors(shot))
	draw.Draw(cut, cut.Bounds(), shot, image.Point{}, draw.Src)
	var small bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, cut))
	require.NoError(t, os.WriteFile(file, small.Bytes(), 0o644))
}

// filled returns the height of a picture up to its last row that is not as the bottom row is.
func filled(shot image.Image) int {
	const margin = 16
	b := shot.Bounds()
	for y := b.Max.Y - 1; y >= b.Min.Y; y-- {
		for x := range b.Dx() {
			if shot.At(x, y) != shot.At(x, b.Max.Y-1) {
				return min(y+margin, b.Max.Y)
			}
		}
	}
	return b.Max.Y
}

// colors returns the 16 most frequent colors: enough for text, and half a byte each.
func colors(shot image.Image) color.Palette {
	count := map[color.Color]int{}
	for y := range shot.Bounds().Dy() {
		for x := range shot.Bounds().Dx() {
			count[shot.At(x, y)]++
		}
	}

	all := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int {
		return cmp.Compare(count[b], count[a])
	})
	return color.Palette(all[:min(len(all), 16)])
}
