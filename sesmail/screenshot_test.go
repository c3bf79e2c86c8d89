//go:build screenshots

package sesmail_test

import (
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

var screenshots = flag.String("screenshots", "", "directory to write the pictures to")

// TestScreenshots (make screenshots) takes pictures with chromium, for a person to look at: English and Arabic, light and dark, wide and narrow, and
// mail.png, the narrow ones side by side. It checks nothing but that they can be taken.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Fatal("-screenshots is not set")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSender(t, &fakeAPI{}, &sesmail.Options{Support: "help@acme.example"})
	var row []image.Image
	width, height := 0, 0
	for _, language := range []string{"en", "ar"} {
		mail, err := s.Render(otp.Message{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		for _, scheme := range []string{"light", "dark"} {
			screenshot(t, mail.HTML, language, scheme, 800)
			narrow := screenshot(t, mail.HTML, language, scheme, 320)
			row = append(row, narrow)
			width, height = width+narrow.Bounds().Dx(), max(height, narrow.Bounds().Dy())
		}
	}
	joined := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, shot := range row {
		draw.Draw(joined, shot.Bounds().Add(image.Pt(i*width/len(row), 0)), shot, image.Point{}, draw.Src)
	}
	file, err := os.Create(filepath.Join(*screenshots, "mail.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, joined); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// screenshot takes a picture of a page into a file of its own.
func screenshot(t *testing.T, html, language, scheme string, width int) image.Image {
	t.Helper()
	page := filepath.Join(t.TempDir(), "mail.html")
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(*screenshots, fmt.Sprintf("%s-%s-%d.png", language, scheme, width))
	preferred := map[string]int{"dark": 0, "light": 1}[scheme] // Chromium's own numbers
	chromium := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), fmt.Sprintf("--blink-settings=preferredColorScheme=%d", preferred),
		fmt.Sprintf("--window-size=%d,380", width), "--screenshot="+name, "file://"+page)
	if out, err := chromium.CombinedOutput(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, out)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	shot, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	return shot
}
