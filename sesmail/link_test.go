package sesmail_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnTemplatesAreLinkedOnRequest: a program without own templates has no template package in it, and so only those
// operations of SES that it calls.
func TestOwnTemplatesAreLinkedOnRequest(t *testing.T) {
	for options, want := range map[string]bool{"nil": false, `&sesmail.Options{Templates: sesmail.TemplatesFS(os.DirFS("."))}`: true} {
		folder := t.TempDir()
		source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "program")
		if err := os.WriteFile(source, fmt.Appendf(nil, `package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

func main() {
	s, err := sesmail.New(sesv2.New(sesv2.Options{}), os.Args[1], %s)
	if err != nil {
		log.Fatal(err)
	}
	var sender otp.Sender = s
	log.Print(sender.Send(context.Background(), otp.Message{}))
	log.Print(s.Render(otp.Message{}))
}
`, options), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		symbols, err := exec.Command("go", "tool", "nm", program).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, symbols)
		}
		for symbol, want := range map[string]bool{
			"sesv2.(*Client).SendEmail":         true,
			"sesv2.(*Client).ListContacts":      want,
			"text/template.(*state).evalField":  want,
			"html/template.(*Template).Execute": want,
			"net/html.(*Tokenizer).Next":        want,
		} {
			if got := strings.Contains(string(symbols), symbol+"\n"); got != want {
				t.Errorf("with the options %s, %s is linked: %t, want %t", options, symbol, got, want)
			}
		}
	}
}
