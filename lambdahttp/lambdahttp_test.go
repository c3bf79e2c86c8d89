package lambdahttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/lambdahttp"
	"github.com/seed-5978b5f1/otp/lambdahttp/lambdatest"
)

// envFunction makes a process of this test a Lambda function instead. Its value is the base path.
const envFunction = "LAMBDAHTTP_TEST_BASE_PATH"

func TestMain(m *testing.M) {
	if basePath, isFunction := os.LookupEnv(envFunction); isFunction {
		log.Fatal(lambdahttp.Start(handler(), &lambdahttp.Options{BasePath: basePath}))
	}

	os.Exit(m.Run())
}

// start starts a function that serves by handler.
func start(t *testing.T, basePath string) *lambdatest.Function {
	t.Helper()

	program, err := os.Executable()
	require.NoError(t, err)

	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), envFunction+"="+basePath)
	return lambdatest.Start(t, cmd)
}

// routes are those of a gateway.
var routes = []string{
	"GET /codes/{email}", "POST /codes", "GET /files/{name}/{rest...}",
}

// answers are what /answer/ answers with, by the rest of the path.
var answers = map[string]func(http.ResponseWriter){
	"headers": func(w http.ResponseWriter) {
		w.Header().Add("Vary", "Origin")
		w.Header().Add("Vary", "Cookie")
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
		w.Header().Set("Too", "late")
		w.WriteHeader(http.StatusOK)
	},
	"cookie":  func(w http.ResponseWriter) { w.Header().Set("Set-Cookie", "a=1; Path=/; Secure") },
	"cookies": func(w http.ResponseWriter) { w.Header()["Set-Cookie"] = []string{"a=1", "b=2"} },
	"lines": func(w http.ResponseWriter) {
		w.Header().Set("Location", "/a\r\nSet-Cookie: evil=1")
		w.Header().Set("Set-Cookie", "a=1\nX-Evil: 1")
		w.Header().Set("Bad Name\r\nX", "1")
		w.Header().Set("Spaced", " \t x ")
		w.Header().Set("Trailer:X", "1")
		w.Header()[""] = []string{"1"}
	},
	"html": func(w http.ResponseWriter) {
		io.WriteString(w, "<!DOCTYPE html><p>Grüße & \u2028 \x00")
	},
	"png": func(w http.ResponseWriter) { io.WriteString(w, "\x89PNG\r\n\x1a\n\x00\xff") },
	"encoded": func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, "\x8b\x00\x80x\x03")
	},
	"nothing": func(http.ResponseWriter) {},
	"204": func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusNoContent)
		io.WriteString(w, "is not sent")
	},
	"early": func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
	},
}

// handler answers by what it sees, or as the path says.
func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", echo)
	for name, answer := range answers {
		mux.HandleFunc("/answer/"+name, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	}
	mux.HandleFunc("/answer/redirect/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
	})

	mux.HandleFunc("/panic", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half of an answer")
		panic("out of order")
	})
	mux.HandleFunc("/panic/status", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(0)
	})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})

	var meeting sync.WaitGroup
	meeting.Add(meet)
	mux.HandleFunc("/meet", func(http.ResponseWriter, *http.Request) {
		meeting.Done()
		meeting.Wait()
	})
	mux.HandleFunc("/log", func(_ http.ResponseWriter, r *http.Request) {
		lambdacontext.NewLogger().InfoContext(r.Context(), "seen")
	})
	return mux
}

// meet is how many requests /meet waits for.
const meet = 4

// A request is what a handler can tell of one.
type request struct {
	Method, Host, Path, Body string
	Segments                 []string // of the path, apart before they are unescaped
	Query                    url.Values
	Header                   http.Header
	Cookies                  []string
	ContentLength            int64
}

// echo answers with the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}

	seen := request{
		Method: r.Method, Host: r.Host, Path: r.URL.Path,
		Body: fmt.Sprintf("%q", body), Query: r.URL.Query(), Header: http.Header{},
		ContentLength: r.ContentLength,
	}
	for segment := range strings.SplitSeq(r.URL.EscapedPath(), "/") {
		unescaped, err := url.PathUnescape(segment)
		if err != nil {
			panic(err)
		}
		seen.Segments = append(seen.Segments, unescaped)
	}
	for _, cookie := range r.Cookies() {
		seen.Cookies = append(seen.Cookies, cookie.String())
	}
	for _, name := range []string{"Accept-Language", "Content-Type", "Host", "Origin"} {
		if values, ok := r.Header[name]; ok {
			seen.Header[name] = values
		}
	}

	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Remote-Addr", r.RemoteAddr)
	h.Set("Request-Uri", r.RequestURI)
	h.Set("Trace", r.Header.Get("X-Amzn-Trace-Id"))
	_, hasDeadline := r.Context().Deadline()
	h.Set("Has-Deadline", fmt.Sprint(hasDeadline))

	json.NewEncoder(w).Encode(seen)
}

// read returns the status, the header without what servers add, and the body.
func read(t *testing.T, r *http.Response) (status int, header http.Header, body string) {
	t.Helper()

	content, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())

	header = r.Header.Clone()
	for _, name := range []string{
		"Date", "Content-Length", "Remote-Addr", "Request-Uri", "Trace", "Has-Deadline",
	} {
		header.Del(name)
	}
	for name, values := range header { // which sources may do
		if name != "Set-Cookie" {
			header[name] = []string{strings.Join(values, ", ")}
		}
	}
	return r.StatusCode, header, string(content)
}

// fromServer returns how a server answers the request.
func fromServer(
	t *testing.T, method, target string, header http.Header, body string,
) *http.Response {
	t.Helper()

	server := httptest.NewUnstartedServer(handler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handlers that write two headers
	server.Start()
	t.Cleanup(server.Close)

	content := strings.NewReader(body)
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, content)
	require.NoError(t, err)
	r.Header, r.Host = header.Clone(), "codes.example.com"

	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	answer, err := client.Do(r)
	require.NoError(t, err)
	return answer
}

// fromFunction returns how a function behind the source answers the same request.
func fromFunction(t *testing.T, f *lambdatest.Function, source *lambdatest.Source,
	method, target string, header http.Header, body string) *http.Response {
	t.Helper()

	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header, r.Host = header.Clone(), "codes.example.com"
	return source.Response(t, f.Invoke(source.Event(t, r, routes...)))
}

const addressWithQuery = "/codes/a%2Fb@example.com?a=1"

// exchanges are requests whose answers must be those of a server, behind every source.
var exchanges = map[string]struct {
	method, target string
	header         http.Header
	body           string
	except         []string // sources that cannot do it, whatever the function does
}{
	"root": {method: "GET", target: "/"},
	"query": {method: "GET", target: "/x?a=1&a=%20%26%3D%25&b=&c=%C3%BC+x&a=3&%61%5B%5D=d",
		except: []string{"load balancer", "load balancer base path"}}, // one value for each name
	"query without repetition": {method: "GET",
		target: "/x?a=%20%26%3D%25&c=%C3%BC+x&%61%5B%5D=d"},
	"address":             {method: "GET", target: "/codes/ada@example.com"},
	"escaped address":     {method: "GET", target: "/codes/ada%40example.com"},
	"slash in an address": {method: "GET", target: "/codes/a%2Fb@example.com"},
	"address with query":  {method: "GET", target: addressWithQuery},
	"two escapes":         {method: "GET", target: "/codes/a%2562c@example.com"},
	"escaped percent":     {method: "GET", target: "/codes/100%25@example.com"},
	"letters and signs":   {method: "GET", target: "/codes/%C3%BC%20%3F%23%5B@example.com"},
	"two parameters":      {method: "GET", target: "/files/a%20b/c/d"},
	"no route":            {method: "GET", target: "/nowhere/%C3%BC"},
	"JSON": {method: "POST", target: "/codes",
		body:   `{"email": "ada@example.com", "n": "ü<>\u0000"}`,
		header: http.Header{"Content-Type": {"application/json"}}},
	"bytes": {method: "POST", target: "/codes", body: "\x00\xff\xfe%2F",
		header: http.Header{"Content-Type": {"application/octet-stream"}}},
	"form": {method: "POST", target: "/codes", body: "email=a%2Fb%40example.com",
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
	"headers": {method: "PUT", target: "/x",
		header: http.Header{
			"Accept-Language": {"de-CH, de;q=0.9"}, "Origin": {"https://a.example"}}},
	"cookies": {method: "GET", target: "/x",
		header: http.Header{"Cookie": {"a=1; b=2"}}},
	"HEAD":                       {method: "HEAD", target: "/x"},
	"segment named as the stage": {method: "GET", target: "/prod/x"},

	"answer with headers":  {method: "GET", target: "/answer/headers"},
	"answer with a cookie": {method: "GET", target: "/answer/cookie"},
	"answer with cookies": {method: "GET", target: "/answer/cookies",
		except: []string{"load balancer", "load balancer base path"}},
	"answer of several lines":  {method: "GET", target: "/answer/lines"},
	"answer of HTML":           {method: "GET", target: "/answer/html"},
	"answer of bytes":          {method: "GET", target: "/answer/png"},
	"answer to HEAD":           {method: "HEAD", target: "/answer/html"},
	"answer that is encoded":   {method: "GET", target: "/answer/encoded"},
	"answer with nothing":      {method: "GET", target: "/answer/nothing"},
	"answer 204":               {method: "POST", target: "/answer/204"},
	"answer after early hints": {method: "GET", target: "/answer/early"},
	"answer with a redirect":   {method: "GET", target: "/answer/redirect/"},
	"not found by the mux":     {method: "GET", target: "/answer/redirect"},
}

// Behind every source, a function sees what a server would see, and answers what it would answer.
// What a server cannot know comes from the event and from Lambda.
func TestLikeAServer(t *testing.T) {
	for _, basePath := range []string{"", lambdatest.BasePath} {
		f := start(t, basePath)

		for name, x := range exchanges {
			status, header, body := read(t, fromServer(t, x.method, x.target, x.header, x.body))

			for _, source := range lambdatest.Sources {
				if source.Base() != basePath || slices.Contains(x.except, source.Name) {
					continue
				}

				t.Run(source.Name+"/"+name, func(t *testing.T) {
					answer := fromFunction(t, f, source, x.method, x.target, x.header, x.body)
					requireDetails(t, answer.Header, x.target)
					gotStatus, gotHeader, gotBody := read(t, answer)
					assert.Equal(t, status, gotStatus)
					assert.Equal(t, header, gotHeader)
					assert.Equal(t, body, gotBody)
				})
			}
		}
	}
}

// requireDetails looks at what echo has answered, if it has.
func requireDetails(t *testing.T, answered http.Header, target string) {
	t.Helper()

	if answered.Get("Has-Deadline") == "" {
		return
	}
	require.Equal(t, "true", answered.Get("Has-Deadline"))
	require.Equal(t, "192.0.2.1:0", answered.Get("Remote-Addr"))
	require.Equal(t, lambdatest.TraceID, answered.Get("Trace"))
	if target == addressWithQuery {
		require.Equal(t, target, answered.Get("Request-Uri"))
	}
}

// A path that only begins with the letters of the base path, or not even so, stays as it is.
func TestOutsideTheBasePath(t *testing.T) {
	f := start(t, lambdatest.BasePath)

	for _, source := range lambdatest.Sources {
		if source.Base() != "" {
			continue
		}

		for _, target := range []string{"/authority/x", "/x", "/x/auth", "/"} {
			_, _, want := read(t, fromServer(t, "GET", target, nil, ""))
			_, _, got := read(t, fromFunction(t, f, source, "GET", target, nil, ""))
			assert.Equal(t, want, got, source.Name)
		}
	}
}

// call has a handler answer an event in this process, and returns the status and what it answers.
func call(t *testing.T, handler http.HandlerFunc, event string) (status int, body string) {
	t.Helper()

	var log bytes.Buffer
	function, err := lambdahttp.Handler(handler,
		&lambdahttp.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	out, err := function.Invoke(t.Context(), []byte(event))
	require.NoError(t, err)
	require.Empty(t, log.String(), "nobody's attention is needed")

	var answer struct {
		StatusCode int
		Body       string
	}
	require.NoError(t, json.Unmarshal(out, &answer))
	return answer.StatusCode, answer.Body
}

// A load balancer with xff_client_port.enabled writes the port of the client, too.
func TestClientPort(t *testing.T) {
	event := string(lambdatest.Recorded(t, "load-balancer"))
	for _, peer := range []string{"192.0.2.7:4711", "[2001:db8::7]:4711"} {
		_, got := call(t, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.RemoteAddr)
		}, strings.Replace(event, "72.12.164.125", peer, 1))
		assert.Equal(t, strings.TrimSuffix(peer, "4711")+"0", got)
	}
}

// Names of headers that differ only in case are one header. Which value comes last, and so whom a
// load balancer names as the client, is the same each time: the one whose name is in lower case, as
// load balancers write it.
func TestHeadersThatDifferInCase(t *testing.T) {
	const headers = `{"x-forwarded-for": "192.0.2.1", "X-FORWARDED-FOR": "198.51.100.9",
		"X-Forwarded-For": "198.51.100.8"}`
	const values = `{"x-forwarded-for": ["203.0.113.1", "192.0.2.1"],
		"X-Forwarded-For": ["198.51.100.9"]}`

	echo := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RemoteAddr, " ", r.Header["X-Forwarded-For"])
	}
	for event, want := range map[string]string{
		`"headers": ` + headers:          "192.0.2.1:0 [198.51.100.9 198.51.100.8 192.0.2.1]",
		`"multiValueHeaders": ` + values: "192.0.2.1:0 [198.51.100.9 203.0.113.1 192.0.2.1]",
	} {
		for range 30 { // or the order of a map would be right by chance
			_, got := call(t, echo,
				`{"httpMethod": "GET", "path": "/", "requestContext": {"elb": {}}, `+event+`}`)
			require.Equal(t, want, got)
		}
	}
}

// What net/http cannot represent is the client's fault, and does not reach the handler. A server
// would refuse these headers, too.
func TestBadRequests(t *testing.T) {
	var events []string
	for _, change := range []struct{ file, old, new string }{
		{"function-url", `"rawPath": "/my/path"`, `"rawPath": "/%zz"`},
		{"rest-api", `"path": "/my/path"`, `"path": "/%f"`},
		{"load-balancer", `"path": "/lambda"`, `"path": "lambda"`},
		{"http-api-2", `"isBase64Encoded": false`, `"isBase64Encoded": true`},
		{"http-api-1", `"httpMethod": "GET"`, `"httpMethod": "G T"`},
	} {
		event := string(lambdatest.Recorded(t, change.file))
		require.Contains(t, event, change.old)
		events = append(events, strings.Replace(event, change.old, change.new, 1))
	}
	for _, headers := range []string{
		`"a": "b\r\nc: d"`, `"a": "b\nc"`, `"a": "b\u0000"`, `"a b": "c"`, `"": "c"`, `"ä": "c"`,
		`"Host": "a.example", "host": "b.example"`,
	} {
		events = append(events, `{"httpMethod": "GET", "path": "/", "headers": {`+headers+`},
			"requestContext": {"identity": {"sourceIp": "192.0.2.1"}}}`)
	}

	for _, event := range events {
		status, body := call(t, echo, event)
		assert.Equal(t, http.StatusBadRequest, status, event)
		assert.Equal(t, "Bad Request\n", body, event)
	}
}

// The emulator serverless-offline decodes parameters, but the path only in part.
func TestEmulatedPaths(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/codes/{email}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.PathValue("email"))
	})

	tests := []struct{ path, parameter string }{
		{"%C3%A4@example.com", "ä@example.com"},
		{"a%2Fb+c@example.com", "a/b+c@example.com"},
		{"a%20b@example.com", "a b@example.com"},
		{"a%41b", "a%41b"}, // as the API writes it: the client has escaped the percent sign
	}
	for _, test := range tests {
		status, got := call(t, mux.ServeHTTP, fmt.Sprintf(`{"routeKey": "GET /codes/{email}",
			"rawPath": "/codes/%s", "pathParameters": {"email": %q},
			"requestContext": {"stage": "$default", "http": {"method": "GET"}}}`,
			test.path, test.parameter))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, test.parameter, got, test.path)
	}
}

// Where Lambda gives an instance several requests at a time, one does not wait for another.
func TestManyAtATime(t *testing.T) {
	t.Setenv("AWS_LAMBDA_MAX_CONCURRENCY", fmt.Sprint(meet))
	f := start(t, "")

	var all sync.WaitGroup
	for range meet {
		all.Go(func() {
			answer := fromFunction(t, f, lambdatest.Sources[0], "GET", "/meet", nil, "")
			assert.Equal(t, http.StatusOK, answer.StatusCode)
		})
	}
	all.Wait()
}

// The recorded events are requests that a handler understands.
func TestRecordedEvents(t *testing.T) {
	f := start(t, "")

	parameters := url.Values{"parameter1": {"value1", "value2"}, "parameter2": {"value"}}
	const api = "id.execute-api.us-east-1.amazonaws.com"
	const balancer = "lambda-alb-123578498.us-east-2.elb.amazonaws.com"

	for i, want := range []struct {
		file, remote string
		request      request
	}{
		{"http-api-2", "192.0.2.1:0", request{Method: "POST", Host: api, Path: "/my/path",
			Body: `"Hello from Lambda"`, ContentLength: 17, Query: parameters,
			Cookies: []string{"cookie1=", "cookie2="}}},
		{"function-url", "123.123.123.123:0", request{Method: "POST",
			Host: "urlid.lambda-url.us-west-2.on.aws", Path: "/my/path",
			Body: `"Hello from client!"`, ContentLength: 18, Query: parameters,
			Cookies: []string{"cookie1=", "cookie2="}}},
		{"http-api-1", "192.0.2.1:0", request{Method: "GET", Host: api, Path: "/my/path",
			Body: `"Hello from Lambda!"`, ContentLength: 18, Query: parameters}},
		{"rest-api", "192.0.2.1:0", request{Method: "GET", Host: api, Path: "/my/path",
			Body: `"Hello from Lambda!"`, ContentLength: 18, Query: parameters}},
		{"load-balancer", "72.12.164.125:0", request{Method: "GET", Host: balancer, Path: "/lambda",
			Body: `""`, Query: url.Values{"query": {"1234ABCD"}},
			Header: http.Header{"Accept-Language": {"en-US,en;q=0.9"}}}},
		{"load-balancer-multi-value", "72.21.198.67:0", request{Method: "GET", Host: balancer,
			Path: "/lambda", Body: `""`, Query: url.Values{"myKey": {"val1", "val2"}},
			Cookies: []string{"name1=value1", "name2=value2"}}},
	} {
		t.Run(want.file, func(t *testing.T) {
			outcome := f.Invoke(lambdatest.Recorded(t, want.file))
			require.Equal(t, "response", outcome.Kind, string(outcome.Body))

			var answer struct {
				Headers           map[string]string
				MultiValueHeaders http.Header
				Body              string
			}
			require.NoError(t, json.Unmarshal(outcome.Body, &answer))

			var got request
			require.NoError(t, json.Unmarshal([]byte(answer.Body), &got))

			if want.request.Header == nil {
				want.request.Header = http.Header{}
			}
			want.request.Segments = strings.Split(want.request.Path, "/")
			assert.Equal(t, want.request, got)

			remote := answer.Headers["Remote-Addr"] + answer.MultiValueHeaders.Get("Remote-Addr")
			assert.Equal(t, want.remote, remote, "event %d", i)
		})
	}
}

// Events that are no requests are errors of the function, each with one line in the log.
func TestUnexpectedEvents(t *testing.T) {
	f := start(t, "")

	const members = "an object with the members "

	for payload, kind := range map[string]string{
		"{}":               "an empty object",
		"[]":               "an array",
		`[{"body": "{}"}]`: "an array",
		`"warm up"`:        "a string",
		"17":               "a number",
		"true":             "a boolean",
		"null":             "null",

		`{"email": "ada@example.com"}`:          members + `"email"`,
		`{"version": 2, "requestContext": {}}`:  members + `"requestContext", "version"`,
		`{"requestContext": {"stage": "prod"}}`: members + `"requestContext"`,
		`{"httpMethod": "GET", "path": "/"}`:    members + `"httpMethod", "path"`,

		`{"httpMethod": "POST", "path": "/x", "requestContext": {"connectionId": "c"}}`: "of a " +
			"WebSocket API",
		`{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0}`: members +
			`"a", "b", "c", "d", "e", "f", "g", "h" and 2 more`,
		`{"` + strings.Repeat("n", 99) + `": 0}`: members + `"` + strings.Repeat("n", 32) + `"`,

		`{"Records": []}`: "of a service without records",
		`{"Records": [{"eventSource": "aws:kafka"}]}`: "of a service with records",

		string(lambdatest.Recorded(t, "eventbridge")): "of EventBridge",
		string(lambdatest.Recorded(t, "sqs")):         "of SQS",
		string(lambdatest.Recorded(t, "sns")):         "of SNS",
		string(lambdatest.Recorded(t, "websocket")):   "of a WebSocket API",
		string(lambdatest.Recorded(t, "authorizer")):  "for an authorizer of API Gateway",
		string(lambdatest.Recorded(t, "lattice")):     "of VPC Lattice",
	} {
		before := f.Log()
		outcome := f.Invoke([]byte(payload))
		assert.Equal(t, "error", outcome.Kind, payload)

		var failure struct{ ErrorMessage, ErrorType string }
		require.NoError(t, json.Unmarshal(outcome.Body, &failure))
		want := "lambdahttp: the event is " + kind + ", want an HTTP request from an HTTP API or " +
			"REST API of API Gateway, a function URL or an Application Load Balancer"
		assert.Equal(t, want, failure.ErrorMessage)
		assert.Equal(t, "unexpectedEvent", failure.ErrorType)

		logged := strings.TrimPrefix(f.Log(), before)
		assert.Equal(t, 1, strings.Count(logged, "\n"), logged)
		quoted, err := json.Marshal(want)
		require.NoError(t, err)
		assert.Contains(t, logged, string(quoted))
		assert.NotContains(t, logged, "ada@example.com")
	}
}

// A panic costs one answer, not the function.
func TestPanic(t *testing.T) {
	f := start(t, "")
	source := lambdatest.Sources[0]

	answer := fromFunction(t, f, source, "GET", "/panic", nil, "")
	status, header, body := read(t, answer)
	assert.Equal(t, 500, status)
	assert.Equal(t, "Internal Server Error\n", body)
	assert.Equal(t, "text/plain; charset=utf-8", header.Get("Content-Type"))

	var line struct{ Level, Message, Panic, Stack, RequestID string }
	require.NoError(t, json.Unmarshal([]byte(f.Log()), &line), f.Log())
	assert.Equal(t, "ERROR", line.Level)
	assert.Equal(t, "out of order", line.Panic)
	assert.Contains(t, line.Stack, "lambdahttp_test.go")
	assert.Equal(t, lambdatest.RequestID(1), line.RequestID)

	assert.Equal(t, 500, fromFunction(t, f, source, "GET", "/panic/status", nil, "").StatusCode)

	logged := f.Log()
	assert.Equal(t, 500, fromFunction(t, f, source, "GET", "/abort", nil, "").StatusCode)
	assert.Equal(t, 200, fromFunction(t, f, source, "GET", "/x", nil, "").StatusCode)
	assert.Equal(t, logged, f.Log())
}

// A load balancer takes one value for each header, which cookies cannot be joined to.
func TestCookiesWithoutMultiValueHeaders(t *testing.T) {
	f := start(t, "")

	for _, source := range lambdatest.Sources {
		if source.Name != "load balancer" {
			continue
		}

		answer := fromFunction(t, f, source, "GET", "/answer/cookies", nil, "")
		assert.Equal(t, 500, answer.StatusCode)
		assert.Contains(t, f.Log(), "lambda.multi_value_headers.enabled")
		assert.Equal(t, 1, strings.Count(f.Log(), "\n"))
	}
}

// Lines of the handler's own logger carry the id of the invocation.
func TestRequestID(t *testing.T) {
	f := start(t, "")

	for range 2 {
		fromFunction(t, f, lambdatest.Sources[0], "GET", "/log", nil, "")
	}

	assert.Contains(t, f.Log(), lambdatest.RequestID(1))
	assert.Contains(t, f.Log(), lambdatest.RequestID(2))
}

func TestOptions(t *testing.T) {
	_, err := lambdahttp.Handler(nil, nil)
	require.EqualError(t, err, "lambdahttp: the handler is nil")

	for _, basePath := range []string{"auth", "/", "/auth/"} {
		err := lambdahttp.Start(handler(), &lambdahttp.Options{BasePath: basePath})
		require.EqualError(t, err, fmt.Sprintf("lambdahttp: Options.BasePath is %q, "+
			"must begin with a slash and end without one", basePath))
	}
}

// Whatever comes as an event ends in an answer or in an error that names it, without a panic of
// the package. What the handler sees of an answered one is a request as a server makes it.
func FuzzEvent(f *testing.F) {
	for _, name := range []string{
		"http-api-2", "http-api-1", "function-url", "rest-api", "load-balancer",
		"load-balancer-multi-value", "eventbridge", "sqs", "sns", "websocket", "authorizer",
		"lattice",
	} {
		f.Add(lambdatest.Recorded(f, name))
	}
	f.Add([]byte(`{"requestContext": {"http": {"method": "GET"}}, "rawPath": "/%2f%"}`))

	h, err := lambdahttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := url.ParseRequestURI(r.RequestURI)
		if err != nil || *u != *r.URL || r.URL.Path[0] != '/' || r.Header.Get("Host") != "" {
			panic(fmt.Sprintf("%q is seen as %#v", r.RequestURI, r.URL))
		}
		echo(w, r)
	}), &lambdahttp.Options{BasePath: "/my"})
	require.NoError(f, err)

	f.Fuzz(func(t *testing.T, payload []byte) {
		out, err := h.Invoke(t.Context(), payload)
		if err != nil {
			require.ErrorContains(t, err, "lambdahttp: the event is ")
			return
		}

		var answer struct{ StatusCode int }
		require.NoError(t, json.Unmarshal(out, &answer))
		require.Contains(t, []int{200, 400}, answer.StatusCode)
	})
}
