package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// walkThrough returns the commands of manual.md that lead from an empty AWS account
// to a working deployment.
func walkThrough(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "manual.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "## From an empty AWS account")
	require.True(t, found)
	section, _, found = strings.Cut(section, "\n## ")
	require.True(t, found)

	var commands []string
	blocks := regexp.MustCompile("(?s) *```sh\n(.*?) *```")
	for _, block := range blocks.FindAllStringSubmatch(section, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	return commands
}

// gateway is an HTTP API in front of the two functions. It returns its URL.
func (s *system) gateway() string {
	t := s.t
	generate, reset := s.functions()
	mux := http.NewServeMux()
	for _, route := range routes {
		f := reset
		if strings.Contains(route, "/generate-otp") {
			f = generate
		}

		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			answer := f.source.Response(t, f.Invoke(f.source.Event(t, r, routes...)))
			for name, values := range answer.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.StatusCode)
			io.Copy(w, answer.Body) // a client that leaves fails by itself
		})
	}

	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestWalkThrough follows the documentation word for word, with a local gateway, DynamoDB and SES
// in place of those of an account. What is left out is named here, and nothing else may be.
func TestWalkThrough(t *testing.T) {
	s := newSystem(t)
	s.email = "walker-" + s.email // whose account is yet to be added
	url := s.gateway()

	run := func(command string) {
		t.Helper()
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = ".."
		cmd.Env = append(s.env, "SLS_TELEMETRY_DISABLED=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, out)
	}

	done, deployment := map[string]int{}, ""
	for _, command := range walkThrough(t) {
		command = strings.ReplaceAll(command, "you@mail.example", s.email)
		word := strings.Fields(command)

		switch {
		case command == "npm ci", command == "make build":
			// make setup and make test have done so: without, nothing here would run.
			done["prepared"]++
		case word[0] == "aws":
			done["needs an account"]++
		case word[0] == "npx" && word[2] == "info": // has the parameters of the deployment
			require.Equal(t, deployment, strings.Replace(command, "info --verbose", "deploy", 1))
		case word[0] == "npx":
			// What needs no account is the packaging, with the same parameters.
			require.Equal(t, "deploy", word[2])
			deployment = command
			run(strings.Replace(command, "deploy", "package --package "+t.TempDir(), 1))
			done["packaged"]++
		case strings.Contains(command, "go run ./users add"):
			require.True(t, strings.HasPrefix(command, "AWS_REGION=eu-central-1 USERS_TABLE=… "))
			run(strings.Replace(command, "…", s.accounts, 1))
			done["added"]++
		case word[0] == "curl":
			code := ""
			if strings.Contains(command, "12345678") {
				code = s.code()
			}
			curl(t, command, "https://ID.execute-api.eu-central-1.amazonaws.com", url, code)
			done["requested"]++
		default:
			t.Errorf("nobody knows how to test %q", command)
		}
	}

	user, err := s.find(s.email)
	require.NoError(t, err)
	right, err := user.Matches(t.Context(), newPassword)
	require.NoError(t, err)
	assert.True(t, right)
	assert.Equal(t, map[string]int{
		"prepared": 2, "needs an account": 2, "packaged": 1, "added": 1, "requested": 3,
	}, done)
}

// find returns the account, or fails with users.ErrUnknown.
func (s *system) find(email string) (users.User, error) {
	s.t.Helper()
	return users.NewDynamo(servers.DynamoDB(s.t), s.accounts).Find(s.t.Context(), email)
}

// An account is added without a password, which nobody can sign in with. One that is there stays as
// it is.
func TestAddUser(t *testing.T) {
	s := newSystem(t)
	email := "grace-" + s.email

	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "usage: users add ADDRESS"},
		{[]string{"remove", email}, "usage: users add ADDRESS"},
		{[]string{"add", "<" + email + ">"}, "users: invalid address: its local part must be"},
		{[]string{"add", s.email}, "there is an account of this address already"},
		{[]string{"add", email}, "The account was added."},
	} {
		_, err := s.find(email)
		require.ErrorIs(t, err, users.ErrUnknown)
		cmd := exec.Command(program(t, "users"), c.args...)
		cmd.Env = s.env
		out, err := cmd.CombinedOutput()
		assert.Equal(t, c.want == "The account was added.", err == nil)
		assert.Contains(t, string(out), c.want)
	}

	added, err := s.find(email)
	require.NoError(t, err)
	for _, password := range []string{"", oldPassword} {
		right, err := added.Matches(t.Context(), password)
		require.NoError(t, err)
		require.False(t, right)
	}
	there, err := s.find(s.email)
	require.NoError(t, err)
	require.Equal(t, tables.hash, there.PasswordHash)
}
