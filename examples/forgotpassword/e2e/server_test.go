package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fetch returns the status and body of the answer to a GET.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// login returns the status of the answer to a password.
func login(t *testing.T, url, email, password string) int {
	t.Helper()
	body := fmt.Sprintf(`{"email": %q, "password": %q}`, email, password)
	answer, err := http.Post(url+"/login", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// TestDocumentedCommands runs the two curl commands of the documentation, word for word but for host and code.
func TestDocumentedCommands(t *testing.T) {
	need(t, "curl")
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "forgot-password.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^curl .*http://localhost:8080.*$`).FindAllString(string(page), -1)
	if len(commands) != 2 {
		t.Fatalf("the documentation has the commands %q", commands)
	}
	url := startServer(t, os.Environ())
	curl := func(command, code string) string {
		command = strings.NewReplacer("curl ", "curl -sS --fail-with-body ", "http://localhost:8080", url, "12345678", code).Replace(command)
		out, err := exec.Command("sh", "-c", command).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	if got := curl(commands[0], ""); !strings.Contains(got, "a code is on its way") {
		t.Errorf("the first command gives %s", got)
	}
	_, mailbox := fetch(t, url+"/mailbox")
	if got := curl(commands[1], codePattern.FindString(mailbox)); !strings.Contains(got, "The password was changed.") {
		t.Errorf("the second command gives %s", got)
	}
	if got := login(t, url, "ada@example.com", "a moth in relay seventy"); got != http.StatusOK {
		t.Errorf("signing in gives %d", got)
	}
}

// With settings the server works on AWS, knows the accounts of its seed, and has no mailbox.
func TestServer(t *testing.T) {
	s := newSystem(t)
	seed := filepath.Join(t.TempDir(), "users.json")
	accounts := fmt.Sprintf(`[{"email": "new-%s", "password": %q}, {"email": %q, "password": "does not replace the old one"}]`,
		s.email, newPassword, s.email)
	if err := os.WriteFile(seed, []byte(accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	url := startServer(t, append(s.env, "OTP_SECRET="+strings.Repeat("s", 32)), "-seed", seed)
	if status, body := fetch(t, url+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d %q", status, body)
	}
	if status, _ := fetch(t, url+"/mailbox"); status != http.StatusNotFound {
		t.Errorf("/mailbox: %d", status)
	}
	if got := login(t, url, "new-"+s.email, newPassword); got != http.StatusOK {
		t.Errorf("a new account: %d", got)
	}
	if got := login(t, url, s.email, oldPassword); got != http.StatusOK {
		t.Errorf("an account that was there: %d", got)
	}
}

// TestServerBoundsClients sends what is refused for its content until it is refused for its number.
func TestServerBoundsClients(t *testing.T) {
	url := startServer(t, os.Environ())
	for i := range 40 { // package budget allows 30 in a minute
		switch got := login(t, url, "", ""); {
		case got == http.StatusTooManyRequests:
			return
		case got != http.StatusBadRequest && got != http.StatusUnprocessableEntity:
			t.Fatalf("request %d: %d", i+1, got)
		}
	}
	t.Error("40 requests in a moment, and the server has refused none for their number")
}

// What is wrong with the settings or flags is said at the start.
func TestServerThatCannotStart(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`[{"email": "ada", "password": "lovely analytical engine"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{"OTP_TABLE=otp", "USERS_TABLE=users", "MAIL_FROM=" + mailFrom, "OTP_SECRET=" + strings.Repeat("s", 32), "AWS_REGION=eu-central-1"}
	for reason, c := range map[string]struct{ env, args []string }{
		"USERS_TABLE must be set": {[]string{"OTP_TABLE=otp", "MAIL_FROM=" + mailFrom, "OTP_SECRET=x"}, nil},
		"Secret has 1 bytes":      {append(all[:3:3], "OTP_SECRET=x"), nil},
		"mail: the sender":        {append(all, "MAIL_FROM=nobody"), nil},
		"no such file":            {nil, []string{"-seed", "nowhere.json"}},
		"account 1 of the seed":   {nil, []string{"-seed", bad}},
		"flag provided but":       {nil, []string{"-prot", "80"}},
		"listen tcp":              {nil, []string{"-addr", "nonsense"}},
	} {
		cmd := exec.Command(program(t, "server"), append([]string{"-addr", "127.0.0.1:0"}, c.args...)...)
		cmd.Env = append(os.Environ(), c.env...)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), reason) {
			t.Errorf("the server does not say %q: %v\n%s", reason, err, out)
		}
	}
}
