//go:build screenshots

package otpmail_test

import (
	"cmp"
	"flag"
	"fmt"
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
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
)

var screenshots = flag.String("screenshots", "", "directory to write the pictures to")

// pictured are the languages of the pictures, and schemes what screens they are for.
var (
	pictured = []string{"en", "de", "ar"}
	schemes  = []string{"light", "dark"}
)

const phone = 360 // pixels

// Chromium takes pictures (make screenshots) for a person to look at: each kind of mail in three
// languages, light and dark, as wide as a phone. Nothing is checked but that they can be taken. The
// ones side by side are docs/images.
func TestScreenshots(t *testing.T) {
	require.NotEmpty(t, *screenshots, "-screenshots")
	require.NoError(t, os.MkdirAll(*screenshots, 0o755))

	opts := acme()
	opts.Links = map[string]string{"sign-in": "https://acme.example/code"}
	s := newCatalog(t, opts)

	shots := map[string][]image.Image{}
	for _, purpose := range slices.Sorted(maps.Keys(purposes)) {
		var row []image.Image
		for _, language := range pictured {
			mail := render(t, s, message(purpose, language))
			name := purpose + "-" + language
			shots[name] = shootBoth(t, mail.HTML, name, phone)
			row = append(row, shots[name]...)
		}
		join(t, "kind-"+purpose, row)
	}
	join(t, "mail", slices.Concat(shots["sign-in-en"], shots["pay-ar"]))

	for _, kind := range noticeKinds {
		name := strings.ReplaceAll(kind.String(), "_", "-")
		var row []image.Image
		for _, language := range pictured {
			mail, err := s.Notice(otpmail.Notice{
				Kind: kind, Language: language,
				Time: time.Date(2026, time.March, 12, 14, 5, 0, 0, time.FixedZone("", 3600)),
			})
			require.NoError(t, err)
			row = append(row, shootBoth(t, mail.HTML, name+"-"+language, phone)...)
		}
		join(t, "notice-"+name, row)
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

	iban := strings.Repeat("DE89370400440532013000", 3)
	for _, language := range otpmail.Languages() {
		m := message("pay", language)
		m.Data = otpmail.Details{
			{Name: "Amount", Value: "€250.00"},
			{Name: "International bank account number", Value: iban},
			{Name: "To", Value: "عبد الرحمن بن محمد & Sons (Holding)"},
		}
		join(t, "hard-"+language, shootBoth(t, render(t, s, m).HTML, "hard-"+language, 320))
	}
}

// shootBoth takes a picture for a light and one for a dark screen.
func shootBoth(t *testing.T, html, name string, width int) []image.Image {
	t.Helper()

	var shots []image.Image
	for _, scheme := range schemes {
		shots = append(shots, shoot(t, html, name+"-"+scheme, scheme, width))
	}
	return shots
}

// shoot takes a picture of a page into a file of its own.
func shoot(t *testing.T, html, name, scheme string, width int) image.Image {
	t.Helper()

	// Chromium has a least width for windows, which a frame does not.
	frame := filepath.Join(t.TempDir(), "frame.html")
	mail := filepath.Join(filepath.Dir(frame), "mail.html")
	require.NoError(t, os.WriteFile(mail, []byte(html), 0o600))
	require.NoError(t, os.WriteFile(frame, fmt.Appendf(nil,
		`<body style="margin:0"><iframe src="mail.html" style="border:0;width:%dpx;height:900px">`+
			`</iframe>`, width), 0o600))

	preferred := map[string]int{"dark": 0, "light": 1}[scheme] // Chromium's own numbers
	file := filepath.Join(*screenshots, name+".png")
	chromium := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=2000",
		fmt.Sprintf("--blink-settings=preferredColorScheme=%d", preferred),
		fmt.Sprintf("--window-size=%d,900", max(width, 500)),
		"--screenshot="+file, "file://"+frame)
	out, err := chromium.CombinedOutput()
	require.NoError(t, err, "%s", out)

	picture, err := os.Open(file)
	require.NoError(t, err)
	defer picture.Close()
	shot, err := png.Decode(picture)
	require.NoError(t, err)

	cut := image.NewRGBA(image.Rect(0, 0, width, shot.Bounds().Dy()))
	draw.Draw(cut, cut.Bounds(), shot, image.Point{}, draw.Src)
	return cut
}

// join puts pictures side by side into one, and leaves off what is empty at the bottom.
func join(t *testing.T, name string, row []image.Image) {
	t.Helper()

	width, height := 0, 0
	for _, shot := range row {
		width, height = width+shot.Bounds().Dx(), max(height, filled(shot))
	}
	joined := image.NewPaletted(image.Rect(0, 0, width, height), colors(row))
	for i, shot := range row {
		at := image.Pt(i*width/len(row), 0)
		draw.Draw(joined, shot.Bounds().Add(at), shot, image.Point{}, draw.Src)
	}

	file, err := os.Create(filepath.Join(*screenshots, name+".png"))
	require.NoError(t, err)
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(file, joined))
	require.NoError(t, file.Close())
}

// filled returns the height of a picture up to its last row that is not as the bottom row is.
func filled(shot image.Image) int {
	const margin = 16
	b := shot.Bounds()
	empty := shot.At(b.Min.X, b.Max.Y-1)
	for y := b.Max.Y - 1; y >= b.Min.Y; y-- {
		for x := range b.Dx() {
			if shot.At(x, y) != empty {
				return min(y+margin, b.Max.Y)
			}
		}
	}
	return b.Max.Y
}

// colors returns the 16 most frequent colors: enough for text, and half a byte each.
func colors(row []image.Image) color.Palette {
	count := map[color.Color]int{}
	for _, shot := range row {
		for y := range shot.Bounds().Dy() {
			for x := range shot.Bounds().Dx() {
				count[shot.At(x, y)]++
			}
		}
	}

	all := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int {
		return cmp.Compare(count[b], count[a])
	})
	return color.Palette(all[:min(len(all), 16)])
}
