package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A terminal that can be read while it is written to.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

var codeLine = regexp.MustCompile(`(?m)^\d{6}$`)

func (s *screen) code(t *testing.T) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()

	codes := codeLine.FindAllString(s.text.String(), -1)
	require.NotEmpty(t, codes)
	return codes[len(codes)-1]
}

// A client is a browser on the application with an empty database. It follows redirects and keeps
// cookies.
type client struct {
	*http.Client
	url      string
	terminal *screen
}

func newClient(t *testing.T) *client {
	t.Helper()
	terminal := new(screen)
	app := newApp(filepath.Join(t.TempDir(), "signin.db"), terminal, nil)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &client{&http.Client{Jar: jar}, server.URL, terminal}
}

// get returns what the page says, if it has the status.
func (c *client) get(t *testing.T, status int, path string) string {
	t.Helper()
	answer, err := c.Get(c.url + path)
	return read(t, status, answer, err)
}

// post submits a form of names and values.
func (c *client) post(t *testing.T, status int, path string, form ...string) string {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	answer, err := c.PostForm(c.url+path, values)
	return read(t, status, answer, err)
}

func read(t *testing.T, status int, answer *http.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	defer answer.Body.Close()

	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, status, answer.StatusCode, string(body))
	return string(body)
}

// A person signs in twice, by two spellings of an address: as a stranger, and within the same
// minute on a device that is known, whose sends have limits of their own.
func TestSignIn(t *testing.T) {
	c := newClient(t)
	require.Contains(t, c.get(t, 200, "/"), "Sign in")
	require.Contains(t, c.post(t, 200, "/sign-in/", "email", "ada"), "Enter an address such as")

	for _, spelling := range []string{"Ada@example.com", "ADA@EXAMPLE.COM"} {
		before := c.sessionCookie(t)
		c.get(t, 200, "/sign-in/")
		require.Contains(t, c.post(t, 200, "/sign-in/", "email", spelling), "Enter the code")
		welcome := c.post(t, 200, "/sign-in/code",
			"email", "ada@example.com", "code", c.terminal.code(t))
		require.Contains(t, welcome, "You are signed in as ada@example.com.")
		require.NotEqual(t, before, c.sessionCookie(t), "whoever knew it would be signed in")
	}
}

// sessionCookie returns the token of the session, if there is one.
func (c *client) sessionCookie(t *testing.T) string {
	t.Helper()
	site, err := url.Parse(c.url)
	require.NoError(t, err)
	for _, cookie := range c.Jar.Cookies(site) {
		if cookie.Name == "session" {
			return cookie.Value
		}
	}
	return ""
}

// Who is signed in confirms a payout, which the page shows. A payout that was edited meanwhile is
// not confirmed by the code of the one before. A client that asks without end is refused.
func TestPayout(t *testing.T) {
	c := newClient(t)
	c.get(t, http.StatusUnauthorized, "/confirm/")
	c.get(t, 200, "/sign-in/")
	c.post(t, 200, "/sign-in/", "email", "ada@example.com")
	c.post(t, 200, "/sign-in/code", "code", c.terminal.code(t))

	require.Contains(t, c.post(t, 200, "/payouts", "amount", "€250"), "€250")
	require.Contains(t, c.post(t, 200, "/confirm/"), "DE02 1203")
	first := c.terminal.code(t)
	c.post(t, 200, "/payouts", "amount", "€300")
	c.post(t, http.StatusConflict, "/confirm/code", "code", first)

	require.Contains(t, c.post(t, 200, "/confirm/"), "€300")
	c.post(t, 200, "/confirm/code", "code", c.terminal.code(t))
	require.Contains(t, c.get(t, 200, "/confirm/"), "€250", "the second is done, the first is not")

	require.Eventually(t, func() bool {
		answer, err := c.Get(c.url + "/confirm/code")
		return err == nil && answer.Body.Close() == nil &&
			answer.StatusCode == http.StatusTooManyRequests
	}, 10*time.Second, time.Millisecond)
}

// Signing in takes 25 lines beyond imports and comments, and the step-up 20 more.
func TestLines(t *testing.T) {
	for name, most := range map[string]int{"signin.go": 25, "stepup.go": 20} {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		_, code, _ := strings.Cut(string(file), "\n)\n")
		code = regexp.MustCompile(`(?m)^(//.*)?\n`).ReplaceAllString(code, "")
		require.LessOrEqual(t, strings.Count(code, "\n"), most, name)
	}
}
