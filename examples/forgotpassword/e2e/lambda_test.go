package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/lambdahttp/lambdatest"
)

// secretEnv is the setting of a secret, base64 of 33 bytes.
var secretEnv = "OTP_SECRET=" + strings.Repeat("s", 44)

// routes are those of the gateway in serverless.yml.
var routes = []string{
	"POST /generate-otp", "GET /generate-otp/{email}",
	"POST /reset", "POST /reset-password", "POST /login",
}

// A function is a running function behind a source of events.
type function struct {
	*lambdatest.Function
	tb     testing.TB
	source *lambdatest.Source
}

// startFunction starts the function of the name. It gets the settings and nothing else of this
// process's environment.
func startFunction(tb testing.TB, name string, settings []string) *function {
	tb.Helper()
	cmd := exec.Command(program(tb, name))
	cmd.Env = slices.Clone(settings)
	return &function{lambdatest.Start(tb, cmd), tb, lambdatest.Sources[0]}
}

// functions starts both functions on the system, with more settings.
func (s *system) functions(more ...string) (generate, reset *function) {
	s.t.Helper()
	secret, _ := secrets(s.t)
	settings := slices.Concat(s.env, secret, more)
	return startFunction(s.t, "generate", settings), startFunction(s.t, "reset", settings)
}

// request returns the answer to a request, whose body is JSON.
func (f *function) request(method, path, body string) *http.Response {
	f.tb.Helper()
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Host = "id.execute-api.eu-central-1.amazonaws.com"
	r.URL.Path = path
	r.Header.Set("Content-Type", "application/json")
	return f.source.Response(f.tb, f.Invoke(f.source.Event(f.tb, r, routes...)))
}

// want fails the test unless the answer to the request has the status.
func (f *function) want(status int, method, path, body string) {
	f.tb.Helper()
	answer := f.request(method, path, body)
	content, err := io.ReadAll(answer.Body)
	require.NoError(f.tb, err)
	assert.Equal(f.tb, status, answer.StatusCode, "%s %s: %s", method, path, content)
}

// secrets is as much of AWS Secrets Manager as the functions need. It counts how often the secret
// is read.
func secrets(tb testing.TB) (settings []string, reads *atomic.Int64) {
	tb.Helper()
	reads = new(atomic.Int64)
	const id = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:OtpSecret-AbCdEf"
	const target = "secretsmanager.GetSecretValue"

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		err := json.NewDecoder(r.Body).Decode(&in)
		if err != nil || in.SecretId != id || r.Header.Get("X-Amz-Target") != target {
			tb.Errorf("asked for %+v by %s (%v)", in, r.Header.Get("X-Amz-Target"), err)
		}

		reads.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(w, `{"ARN": %q, "Name": "OtpSecret", "SecretString": %q}`,
			id, strings.Repeat("s", 64))
	}))
	tb.Cleanup(server.Close)
	return []string{"OTP_SECRET_ID=" + id, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + server.URL}, reads
}

// body returns a JSON object of the account's address and the members.
func (s *system) body(members ...string) string {
	object := map[string]string{"email": s.email}
	for i := 0; i < len(members); i += 2 {
		object[members[i]] = members[i+1]
	}

	text, err := json.Marshal(object)
	require.NoError(s.t, err)
	return string(text)
}

// The two requests of the application, as its documentation has them, do the same whatever stands
// in front of the packaged functions. Each function reads the secret when it starts.
func TestEverySource(t *testing.T) {
	secret, reads := secrets(t)
	for _, base := range []string{"", lambdatest.BasePath} {
		generate, reset := newSystem(t).functions(append(secret, "BASE_PATH="+base)...)
		for _, source := range lambdatest.Sources {
			if source.Base() != base {
				continue
			}
			t.Run(source.Name, func(t *testing.T) {
				s := newSystem(t)
				generate.source, reset.source = source, source

				generate.want(202, "GET", "/generate-otp/"+s.email, "")
				generate.want(429, "POST", "/generate-otp", s.body())
				otp := s.code()
				reset.want(403, "POST", "/reset-password",
					s.body("otp", wrong(otp), "password", newPassword))
				reset.want(422, "POST", "/reset-password", s.body("otp", otp, "password", "short"))
				reset.want(200, "POST", "/reset-password",
					s.body("otp", otp, "password", newPassword))
				reset.want(403, "POST", "/reset-password",
					s.body("otp", otp, "password", newPassword))
				reset.want(403, "POST", "/login", s.body("password", oldPassword))
				reset.want(200, "POST", "/login", s.body("password", newPassword))
				require.Len(t, s.mails(), 2)
				assert.Contains(t, s.mails()[1], "was changed")
			})
		}
	}
	assert.EqualValues(t, 4, reads.Load())
}

// Every line in the log of a function is JSON and names the invocation. A mail that fails is an
// error there, and on it the alarms go by.
func TestLogOfFunctions(t *testing.T) {
	s := newSystem(t)
	generate, _ := s.functions("AWS_ENDPOINT_URL_SESV2=http://127.0.0.1:1")
	generate.want(202, "GET", "/generate-otp/"+s.email, "")

	levels := map[string]int{}
	for line := range strings.Lines(generate.Log()) {
		var entry struct {
			Level, Message, RequestID string
			DurationMS                float64 `json:"duration_ms"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		assert.Equal(t, lambdatest.RequestID(1), entry.RequestID, line)

		levels[entry.Level]++
		if entry.Message == "request" {
			assert.Greater(t, entry.DurationMS, 2500.0, "MinSendTime in milliseconds")
		}
	}
	assert.NotZero(t, levels["INFO"])
	assert.NotZero(t, levels["ERROR"])
	assert.NotContains(t, generate.Log(), s.email)
}

// idle are the settings of a function that need nothing to be there.
var idle = []string{
	"PRODUCT=Acme", "OTP_TABLE=codes", "USERS_TABLE=users", "MAIL_FROM=" + mailFrom,
	"AWS_REGION=" + servers.Region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
}

// A function that lacks its settings does not start, and says why.
func TestLambdaWithoutSettings(t *testing.T) {
	for _, name := range []string{"generate", "reset"} {
		for named, settings := range map[string][]string{
			"OTP_SECRET_ID and OTP_SECRET": idle,
			"BasePath":                     append(idle, secretEnv, "BASE_PATH=auth"),
			"settings":                     nil,
		} {
			cmd := exec.Command(program(t, name))
			cmd.Env = append(slices.Clone(settings), "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1")
			out, err := cmd.CombinedOutput()
			assert.Error(t, err)
			assert.Contains(t, string(out), named, name)
		}
	}
}
