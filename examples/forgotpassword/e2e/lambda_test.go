package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// A function is a running Lambda function and the server side of its Runtime API, as Lambda documents it: the function
// asks for the next event, and posts what it answers.
type function struct {
	tb      testing.TB
	started time.Time
	invoked chan []byte
	outcome chan outcome
	ended   chan struct{} // closed when the process has ended
	stop    func()        // has it end, and waits until it has
}

// An outcome is what a function posts: to "response" the answer, to "error" or "init/error" what went wrong.
type outcome struct {
	kind string
	body []byte
}

// startFunction runs the program as Lambda would, until stop or the end of the test.
func startFunction(tb testing.TB, name string, env []string) *function {
	tb.Helper()
	f := &function{tb: tb, invoked: make(chan []byte), outcome: make(chan outcome, 1), ended: make(chan struct{})}
	api := httptest.NewServer(f.runtimeAPI())
	cmd := exec.Command(program(tb, name))
	cmd.Env = append(slices.Clone(env), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME="+name)
	var log bytes.Buffer
	cmd.Stderr = &log
	f.started = time.Now()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		cmd.Wait()
		close(f.ended)
	}()
	f.stop = sync.OnceFunc(func() {
		cmd.Process.Kill()
		<-f.ended
		api.CloseClientConnections()
		api.Close()
		if tb.Failed() {
			tb.Logf("%s has logged:\n%s", name, log.Bytes())
		}
	})
	tb.Cleanup(f.stop)
	return f
}

func (f *function) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	var invocations atomic.Int64
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case event := <-f.invoked:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("request-%d", invocations.Add(1)))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(15*time.Second).UnixMilli(), 10))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:test")
			w.Write(event)
		case <-r.Context().Done():
		}
	})
	post := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, kind, _ := strings.Cut(r.URL.Path, "/runtime/")
		if id := r.PathValue("id"); id != "" {
			kind = strings.TrimPrefix(kind, "invocation/"+id+"/")
		}
		w.WriteHeader(http.StatusAccepted)
		f.outcome <- outcome{kind, body}
	}
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", post)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", post)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", post)
	return mux
}

// invoke has the function answer a request to the gateway. The event is as the gateway sends it.
func (f *function) invoke(method, path, body string) events.APIGatewayV2HTTPResponse {
	f.tb.Helper()
	var event events.APIGatewayV2HTTPRequest
	event.Version, event.RouteKey, event.RawPath, event.Body = "2.0", method+" "+path, path, body
	event.Headers = map[string]string{"host": "abc.execute-api.eu-central-1.amazonaws.com", "content-type": "application/json"}
	event.RequestContext.DomainName, event.RequestContext.Stage = "abc.execute-api.eu-central-1.amazonaws.com", "$default"
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.Path = method, path
	event.RequestContext.HTTP.SourceIP = "192.0.2.1"
	text, err := json.Marshal(event)
	if err != nil {
		f.tb.Fatal(err)
	}
	select {
	case f.invoked <- text:
	case <-f.ended:
		f.tb.Fatal("the function has ended")
	}
	var answer events.APIGatewayV2HTTPResponse
	select {
	case got := <-f.outcome:
		if err := json.Unmarshal(got.body, &answer); err != nil || got.kind != "response" {
			f.tb.Fatalf("the function posts to %s: %s (%v)", got.kind, got.body, err)
		}
	case <-f.ended:
		f.tb.Fatal("the function has ended")
	}
	return answer
}

// want invokes the function and fails the test unless the answer has the status.
func (f *function) want(status int, method, path, body string) events.APIGatewayV2HTTPResponse {
	f.tb.Helper()
	answer := f.invoke(method, path, body)
	if answer.StatusCode != status {
		f.tb.Errorf("%s %s answers %d %s, want %d", method, path, answer.StatusCode, answer.Body, status)
	}
	return answer
}

// secrets is as much of AWS Secrets Manager as the functions need. It counts how often the secret is read.
func secrets(tb testing.TB) (env []string, reads *atomic.Int64) {
	tb.Helper()
	reads = new(atomic.Int64)
	const id = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:OtpSecret-AbCdEf"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.SecretId != id || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
			tb.Errorf("Secrets Manager was asked for %+v by %s (%v)", in, r.Header.Get("X-Amz-Target"), err)
		}
		reads.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(w, `{"ARN": %q, "Name": "OtpSecret", "SecretString": %q}`, id, strings.Repeat("s", 64))
	}))
	tb.Cleanup(server.Close)
	return []string{"OTP_SECRET_ID=" + id, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + server.URL}, reads
}

// TestLambda resets a password by the two functions: ask, read the mail, a wrong code, the right one, sign in.
func TestLambda(t *testing.T) {
	s := newSystem(t)
	secretEnv, reads := secrets(t)
	env := append(s.env, secretEnv...)
	generate, reset := startFunction(t, "generate", env), startFunction(t, "reset", env)

	body := func(members ...string) string {
		object := map[string]string{"email": s.email}
		for i := 0; i < len(members); i += 2 {
			object[members[i]] = members[i+1]
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}

	answer := generate.want(http.StatusAccepted, "GET", "/generate-otp/"+s.email, "")
	if answer.Headers["Content-Type"] != "application/json" || answer.Headers["Cache-Control"] != "no-store" || len(answer.Cookies) > 0 {
		t.Errorf("the answer is %+v", answer)
	}
	answer = generate.want(http.StatusTooManyRequests, "POST", "/generate-otp", body())
	if seconds, err := strconv.Atoi(answer.Headers["Retry-After"]); err != nil || seconds < 1 || seconds > 60 {
		t.Errorf("Retry-After is %q", answer.Headers["Retry-After"])
	}
	code := s.code()
	reset.want(http.StatusUnprocessableEntity, "POST", "/reset", body("otp", code, "password", "short"))
	reset.want(http.StatusForbidden, "POST", "/reset", body("otp", wrong(code), "password", newPassword))
	reset.want(http.StatusOK, "POST", "/reset-password", body("otp", code, "password", newPassword))
	reset.want(http.StatusForbidden, "POST", "/reset", body("otp", code, "password", newPassword))
	reset.want(http.StatusForbidden, "POST", "/login", body("password", oldPassword))
	reset.want(http.StatusOK, "POST", "/login", body("password", newPassword))
	if mails := s.mails(); len(mails) != 2 || !strings.Contains(mails[1], "was changed just now") {
		t.Errorf("the mails are %q", mails)
	}

	// An address without an account gets the answers that the other one got, and no mail.
	generate.want(http.StatusAccepted, "GET", "/generate-otp/nobody-"+s.email, "")
	generate.want(http.StatusTooManyRequests, "GET", "/generate-otp/nobody-"+s.email, "")

	for _, bad := range []struct {
		f                  *function
		status             int
		method, path, body string
	}{
		{generate, 400, "POST", "/generate-otp", "{"},
		{generate, 413, "POST", "/generate-otp", strings.Repeat(" ", 1<<20)},
		{generate, 400, "GET", "/generate-otp/a@example.com\r\nBcc: b@example.com", ""},
		{generate, 400, "GET", "/generate-otp/a@example.com,b@example.com", ""},
		{generate, 405, "HEAD", "/generate-otp/" + s.email, ""},
		{generate, 404, "POST", "/reset", body()},
		{reset, 404, "POST", "/generate-otp", body()},
		{reset, 405, "GET", "/reset", ""},
	} {
		bad.f.want(bad.status, bad.method, bad.path, bad.body)
	}
	if got := reads.Load(); got != 2 {
		t.Errorf("the secret was read %d times, want once for each function", got)
	}
	if mails := s.mails(); len(mails) != 2 {
		t.Errorf("there are %d mails, want 2", len(mails))
	}
}

// A function that lacks its settings does not start, and says why.
func TestLambdaWithoutSettings(t *testing.T) {
	for _, name := range []string{"generate", "reset"} {
		for setting, env := range map[string][]string{
			"settings":                     nil,
			"USERS_TABLE":                  {"OTP_TABLE=otp", "MAIL_FROM=" + mailFrom, "OTP_SECRET=" + strings.Repeat("s", 32)},
			"Secret has 5 bytes":           {"OTP_TABLE=otp", "USERS_TABLE=users", "MAIL_FROM=" + mailFrom, "OTP_SECRET=short"},
			"OTP_SECRET_ID and OTP_SECRET": {"OTP_TABLE=otp", "USERS_TABLE=users", "MAIL_FROM=" + mailFrom},
		} {
			cmd := exec.Command(program(t, name))
			cmd.Env = append(os.Environ(), append(env, "AWS_REGION=eu-central-1", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1")...)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), setting) {
				t.Errorf("%s without %s: %v\n%s", name, setting, err, out)
			}
		}
	}
}
