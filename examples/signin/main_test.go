package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

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

func email(typed string) url.Values { return url.Values{"email": {typed}} }

func read(t *testing.T, answer *http.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	defer answer.Body.Close()

	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}

// newClient returns a client of the application on an empty database, and its URL. The client keeps
// cookies.
func newClient(t *testing.T, terminal io.Writer) (*http.Client, string) {
	t.Helper()
	app := newApp(filepath.Join(t.TempDir(), "signin.db"), terminal, nil)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}, server.URL
}

// A person signs in twice, by two spellings of an address: as a stranger, and within the same
// minute on a device that is known, whose sends have limits of their own.
func TestSignIn(t *testing.T) {
	terminal := new(screen)
	browser, url := newClient(t, terminal)
	for _, spelling := range []string{"Ada@example.com", "ADA@EXAMPLE.COM"} {
		answer, err := browser.Get(url + "/sign-in/")
		require.Contains(t, read(t, answer, err), "Sign in")
		answer, err = browser.PostForm(url+"/sign-in/", email(spelling))
		require.Contains(t, read(t, answer, err), "Enter the code")

		form := email("ada@example.com")
		form.Set("code", terminal.code(t))
		answer, err = browser.PostForm(url+"/sign-in/code", form)
		require.Contains(t, read(t, answer, err), "You are signed in as ada@example.com.")
	}
}

// The form says what is no address, and a client that asks without end is refused.
func TestRefusals(t *testing.T) {
	browser, url := newClient(t, io.Discard)
	answer, err := browser.Get(url)
	require.Contains(t, read(t, answer, err), "Sign in")
	answer, err = browser.PostForm(url+"/sign-in/", email("ada"))
	require.Contains(t, read(t, answer, err), "Enter an address such as")

	refused := 0
	for range 40 {
		answer, err := browser.Get(url + "/sign-in/code")
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		if answer.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	require.GreaterOrEqual(t, refused, 8)
}
