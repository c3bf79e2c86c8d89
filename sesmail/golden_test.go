package sesmail_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

var update = flag.Bool("update", false, "write the golden files anew")

var languages = []string{"ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh"}

func TestGolden(t *testing.T) {
	s := newSender(t, &fakeAPI{}, &sesmail.Options{Support: "help@acme.example"})
	withCode := newSender(t, &fakeAPI{}, &sesmail.Options{CodeInSubject: true})
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := otp.Message{Purpose: "password-reset", Language: language}
				mail, err := s.Render(m)
				if err != nil {
					t.Fatal(err)
				}
				other, err := withCode.Render(m)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, language+".html", mail.HTML)
				golden(t, language+".txt", "Subject: "+mail.Subject+"\nSubject: "+other.Subject+"\n\n"+mail.Text)
			})
		})
	}
}

// golden compares got with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at the difference that -update makes.\ngot:\n%s", path, got)
	}
}
