package sesmail_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

var screenshots = flag.String("screenshots", "", "directory to write pictures of the mail to, by chromium")

// TestScreenshots takes pictures for a person to look at. It checks nothing but that they can be taken.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("-screenshots is not set")
	}
	dir, err := filepath.Abs(*screenshots)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSender(t, &fakeAPI{}, &sesmail.Options{Support: "help@acme.example"})
	for _, language := range languages {
		mail, err := s.Render(otp.Message{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		page := filepath.Join(t.TempDir(), "mail.html")
		if err := os.WriteFile(page, []byte(mail.HTML), 0o600); err != nil {
			t.Fatal(err)
		}
		for scheme, preferred := range map[string]int{"dark": 0, "light": 1} {
			for _, width := range []int{320, 800} {
				png := filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", language, scheme, width))
				chromium := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
					"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
					"--hide-scrollbars", "--user-data-dir="+t.TempDir(),
					fmt.Sprintf("--blink-settings=preferredColorScheme=%d", preferred),
					fmt.Sprintf("--window-size=%d,%d", width, 480),
					"--screenshot="+png, "file://"+page)
				if out, err := chromium.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
		}
	}
}
