package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// secretEnv is the setting of a secret, base64 of 33 bytes.
var secretEnv = "OTP_SECRET=" + strings.Repeat("s", 44)

// browse has a script drive a browser. state answers what the script asks the test.
func browse(t *testing.T, script string, state func(url.Values) any, args ...string) {
	t.Helper()
	if _, err := os.Stat("../../../internal/browsers/node_modules/installed.json"); err != nil {
		servers.Missing(t, err)
	}

	test := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(state(r.URL.Query()))
	}))
	defer test.Close()
	args = append([]string{script, test.URL}, args...)
	out, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// A password is reset by keyboard on DynamoDB and SES: ask, read the mail, a wrong code, the right
// one, sign in.
func TestBrowser(t *testing.T) {
	s := newSystem(t)
	mails := func(url.Values) any { return s.mails() }
	browse(t, "reset.mjs", mails, startServer(t, append(s.env, secretEnv)).url, s.email)
}

// The pages that are the application's own work and have no fault, those of development too.
func TestLaptop(t *testing.T) {
	browse(t, "laptop.mjs", nil, startServer(t, os.Environ()).url)
}
