package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// fetch returns the status and body of the answer to a GET.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()

	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

// login returns the status of the answer to a password.
func login(t *testing.T, url, email, password string) int {
	t.Helper()
	body := fmt.Sprintf(`{"email": %q, "password": %q}`, email, password)
	answer, err := http.Post(url+"/login", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	answer.Body.Close()
	return answer.StatusCode
}

// curl runs a documented command with the URL in place of its host, and the code in place of its
// own. It returns what curl prints.
func curl(t *testing.T, command, host, url, code string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		servers.Missing(t, "curl is not installed")
	}
	command = strings.NewReplacer("curl ", "curl -sS --fail-with-body ",
		host, url, "12345678", code).Replace(command)
	out, err := exec.Command("sh", "-c", command).CombinedOutput()
	require.NoError(t, err, "%s\n%s", command, out)
	return string(out)
}

// TestDocumentedCommands runs the two curl commands of the documentation, word for word but for
// host and code. They are the original's two requests.
func TestDocumentedCommands(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "manual.md"))
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)^curl .*http://localhost:8080.*$`).
		FindAllString(string(page), -1)
	require.Len(t, commands, 2)

	const host = "http://localhost:8080"
	url := startServer(t, os.Environ()).url
	require.Contains(t, curl(t, commands[0], host, url, ""), `"live":true`)
	_, mailbox := fetch(t, url+"/mailbox")
	code := codePattern.FindString(mailbox)
	require.Contains(t, curl(t, commands[1], host, url, code), `"done":true`)
	require.Equal(t, http.StatusOK, login(t, url, ada, "a moth in relay seventy"))
}

// With settings the server works on AWS, knows the accounts of its seed, and has no mailbox.
func TestServer(t *testing.T) {
	s := newSystem(t)
	seed := filepath.Join(t.TempDir(), "users.json")
	accounts := fmt.Sprintf(`[{"email": "new-%s", "password": %q}, {"email": %q, "password": %q}]`,
		s.email, newPassword, s.email, "does not replace the old one")
	require.NoError(t, os.WriteFile(seed, []byte(accounts), 0o600))

	url := startServer(t, append(s.env, secretEnv), "-seed", seed).url
	status, body := fetch(t, url+"/healthz")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "ok\n", body)
	status, _ = fetch(t, url+"/mailbox")
	assert.Equal(t, http.StatusNotFound, status)
	assert.Equal(t, http.StatusOK, login(t, url, "new-"+s.email, newPassword), "a new account")
	assert.Equal(t, http.StatusOK, login(t, url, s.email, oldPassword), "an account that was there")
}

// Forty clients behind a proxy have forty budgets where the settings name it, and one where they do
// not, as large as the settings say. This test is the proxy.
func TestServerBehindProxy(t *testing.T) {
	for setting, refused := range map[string]int{
		"TRUSTED_PROXIES=127.0.0.0/8, fd00::/8": 0, "X=": 10, "CLIENT_BUDGET=5": 35,
		"CLIENT_BUDGET=off": 0,
	} {
		url := startServer(t, append(os.Environ(), setting)).url
		got := 0
		for i := range 40 {
			r, err := http.NewRequest(http.MethodGet, url+"/status", nil)
			require.NoError(t, err)
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			answer.Body.Close()
			if answer.StatusCode == http.StatusTooManyRequests {
				got++
			}
		}
		require.Equal(t, refused, got, setting)
	}
}

// Two thousand clients that send their headers or bodies slowly, and bodies of 10 MB, are refused
// by the server itself. The page of another person is there meanwhile. How fast all this is depends
// on the machine.
func TestSlowClients(t *testing.T) {
	const clients = 2000
	url := startServer(t, append(os.Environ(), "CLIENT_BUDGET=off")).url
	host := strings.TrimPrefix(url, "http://")

	slowHeader := "POST /reset HTTP/1.1\r\nHost: x\r\n"
	slowBody := slowHeader + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
	var closed atomic.Int64
	var all sync.WaitGroup
	for i := range clients {
		conn, err := net.Dial("tcp", host)
		require.NoError(t, err)
		_, err = io.WriteString(conn, []string{slowHeader, slowBody}[i%2])
		require.NoError(t, err)
		all.Go(func() {
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(3 * time.Minute)) // the server's own is 5 s and 10 s
			_, err := io.Copy(io.Discard, conn)
			if err == nil || strings.Contains(err.Error(), "connection reset") { // unread input
				closed.Add(1)
			}
		})
	}
	for range 20 {
		status, _ := fetch(t, url+"/")
		require.Equal(t, http.StatusOK, status)
	}
	all.Wait()
	require.EqualValues(t, clients, closed.Load())

	for _, path := range []string{"/generate-otp", "/reset", "/login", "/", "/code"} {
		r, err := http.NewRequest(http.MethodPost, url+path, bytes.NewReader(make([]byte, 10<<20)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.AddCookie(&http.Cookie{Name: "otp", Value: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		assert.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode, path)
	}
}

// A signal to stop cuts no request: those under way are answered, by a server that takes no more.
func TestStopUnderLoad(t *testing.T) {
	s := startServer(t, append(os.Environ(), "CLIENT_BUDGET=off"))
	const requests = 40
	statuses := make(chan int, requests)
	for i := range requests {
		go func() {
			answer, err := http.Get(fmt.Sprintf("%s/generate-otp/person%d@example.com", s.url, i))
			if err != nil {
				statuses <- 0
				return
			}
			answer.Body.Close()
			statuses <- answer.StatusCode
		}()
	}

	require.Eventually(t, func() bool {
		return strings.Count(s.log(), "op=send") == requests
	}, patience, 50*time.Millisecond, "all requests are under way")
	s.cmd.Process.Signal(syscall.SIGTERM)
	for range requests {
		require.Equal(t, http.StatusAccepted, <-statuses)
	}
}

// What is wrong with the settings or flags is said at the start.
func TestServerThatCannotStart(t *testing.T) {
	for reason, c := range map[string]struct{ env, args []string }{
		"USERS_TABLE must":             {[]string{"PRODUCT=Acme", "MAIL_FROM=x"}, nil},
		`from is "nobody"`:             {append(idle, secretEnv, "MAIL_FROM=nobody"), nil},
		"settings: TRUSTED_PROXIES: ":  {[]string{"TRUSTED_PROXIES=proxy"}, nil},
		`BUDGET: "none" must be "off"`: {[]string{"CLIENT_BUDGET=none"}, nil},
		`BUDGET: "0" must be "off"`:    {[]string{"CLIENT_BUDGET=0"}, nil},
		"settings: PROOF_ORIGIN: ":     {[]string{"PROOF_ORIGIN=acme.example"}, nil},
		"no such file":                 {nil, []string{"-seed", "nowhere.json"}},
		"flag provided but":            {nil, []string{"-prot", "80"}},
		"listen tcp":                   {nil, []string{"-addr", "nonsense"}},
	} {
		args := append([]string{"-addr", "127.0.0.1:0"}, c.args...)
		cmd := exec.Command(program(t, "server"), args...)
		cmd.Env = append(os.Environ(), c.env...)
		out, err := cmd.CombinedOutput()
		assert.Error(t, err)
		assert.Contains(t, string(out), reason)
	}
}
