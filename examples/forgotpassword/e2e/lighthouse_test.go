package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLighthouse wants full marks for accessibility from Lighthouse, for the form of the address
// and for that of the code.
func TestLighthouse(t *testing.T) {
	s := newWebsite(t, nil)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	answer, err := client.Get(s.URL)
	require.NoError(t, err)
	answer.Body.Close()
	answer, err = client.PostForm(s.URL+"/", url.Values{"email": {ada}})
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, "/code", answer.Request.URL.Path)

	var cookies []string
	for _, cookie := range jar.Cookies(answer.Request.URL) {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}

	for page, cookie := range map[string]string{"/": "", "/code": strings.Join(cookies, "; ")} {
		require.Equal(t, 1.0, accessibility(t, s.URL+page, cookie), page)
	}
}

// accessibility returns the score that Lighthouse gives, from 0 to 1.
func accessibility(t *testing.T, url, cookie string) float64 {
	t.Helper()

	headers, err := json.Marshal(map[string]string{"Cookie": cookie})
	require.NoError(t, err)
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command(filepath.Join("..", "node_modules", ".bin", "lighthouse"), url,
		"--only-categories=accessibility", "--output=json", "--output-path="+report, "--quiet",
		"--extra-headers="+string(headers), "--chrome-flags=--headless --no-sandbox --disable-gpu")
	cmd.Env = append(os.Environ(), "CHROME_PATH="+need(t, "chromium"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "run `make -C examples/forgotpassword setup`\n%s", out)

	content, err := os.ReadFile(report)
	require.NoError(t, err)
	var result struct {
		FinalDisplayedURL string `json:"finalDisplayedUrl"`
		Categories        map[string]struct{ Score float64 }
	}
	require.NoError(t, json.Unmarshal(content, &result))
	require.Equal(t, url, result.FinalDisplayedURL)
	return result.Categories["accessibility"].Score
}
