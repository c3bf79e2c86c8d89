package lambdatest

import (
	"cmp"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

//go:embed events
var recorded embed.FS

// Recorded returns an event as AWS documents it: see folder events. The JWT claims, certificates
// and the like stand there so that the shape is whole.
func Recorded(tb testing.TB, name string) []byte {
	tb.Helper()

	event, err := recorded.ReadFile("events/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	return event
}

// A Source stands in front of a function. It makes events of requests, and responses of answers,
// as AWS does.
type Source struct {
	Name string

	file  string // of the recorded event
	stage string
	base  string // of an API mapping, a base path mapping, a rule of a proxy or load balancer
	write func(*Source, object, *http.Request)
	read  func(answer) http.Header
}

// Base returns the first part of the path that clients use, "/auth" or "".
func (s *Source) Base() string { return s.base }

// BasePath is what the sources with a base path have in the function's path.
const BasePath = "/auth"

// Sources are all that stand in front of functions with HTTP requests.
var Sources = []*Source{
	{Name: "HTTP API 2.0", file: "http-api-2", stage: "$default",
		write: writePayload2, read: readCookies},
	{Name: "HTTP API 2.0 stage", file: "http-api-2", stage: "prod",
		write: writePayload2, read: readCookies},
	{Name: "HTTP API 2.0 base path", file: "http-api-2", stage: "$default", base: BasePath,
		write: writePayload2, read: readCookies},
	{Name: "function URL", file: "function-url",
		write: writePayload2, read: readCookies},
	{Name: "function URL base path", file: "function-url", base: BasePath,
		write: writePayload2, read: readCookies},
	{Name: "HTTP API 1.0", file: "http-api-1", stage: "$default",
		write: writePayload1, read: readMultiValue},
	{Name: "HTTP API 1.0 stage", file: "http-api-1", stage: "prod",
		write: writePayload1, read: readMultiValue},
	{Name: "REST API", file: "rest-api", stage: "prod",
		write: writePayload1, read: readMultiValue},
	{Name: "REST API base path", file: "rest-api", stage: "prod", base: BasePath,
		write: writePayload1, read: readMultiValue},
	{Name: "load balancer", file: "load-balancer",
		write: writeBalanced, read: readSingle},
	{Name: "load balancer multi-value", file: "load-balancer-multi-value",
		write: writeBalancedMultiValue, read: readMultiValue},
	{Name: "load balancer base path", file: "load-balancer", base: BasePath,
		write: writeBalanced, read: readSingle},
}

type object = map[string]any

// Event returns the event of the request. The routes are those of an HTTP API or REST API, such
// as "GET /codes/{email}"; without a match, the route is the default one.
func (s *Source) Event(tb testing.TB, r *http.Request, routes ...string) []byte {
	tb.Helper()

	var event object
	if err := json.Unmarshal(Recorded(tb, s.file), &event); err != nil {
		tb.Fatal(err)
	}

	body, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Fatal(err)
	}
	event["body"], event["isBase64Encoded"] = encodeBody(r.Header, body)

	r = r.Clone(r.Context())
	route(r, routes)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Host", r.Host)
	r.Header.Set("X-Forwarded-For", "198.51.100.9, 192.0.2.1")
	s.write(s, event, r)

	text, err := json.Marshal(event)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// encodeBody encodes what is no text, as API Gateway and load balancers do.
func encodeBody(header http.Header, body []byte) (text string, isBase64 bool) {
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	texts := []string{"application/json", "application/javascript", "application/xml", ""}

	if strings.HasPrefix(mediaType, "text/") || slices.Contains(texts, mediaType) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

// route leaves in the request which route matches, and the values of its parameters.
func route(r *http.Request, routes []string) {
	mux := http.NewServeMux()
	for _, pattern := range routes {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}

	if r.Method != http.MethodHead { // which GET of a mux would answer
		mux.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// gatewayRoute returns the route as a gateway writes it: "{rest...}" of a mux is its "{rest+}".
func gatewayRoute(r *http.Request) string { return strings.ReplaceAll(r.Pattern, "...}", "+}") }

// parameters returns the values of the path parameters, or nil.
func parameters(r *http.Request) object {
	values := object{}
	for segment := range strings.SplitSeq(r.Pattern, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
			values[name] = r.PathValue(name)
		}
	}

	if len(values) == 0 {
		return nil
	}
	return values
}

// path returns the path as the event has it. HTTP APIs decode it and put the stage in front.
func (s *Source) path(r *http.Request) string {
	if !strings.HasPrefix(s.file, "http-api") {
		return s.base + r.URL.EscapedPath()
	}

	if s.stage != "$default" {
		return "/" + s.stage + r.URL.Path
	}
	return s.base + r.URL.Path
}

func writePayload2(s *Source, event object, r *http.Request) {
	context := event["requestContext"].(object)
	context["domainName"] = r.Host
	if s.file == "function-url" {
		context["domainName"] = "urlid.lambda-url.us-west-2.on.aws"
	} else {
		context["stage"] = s.stage
		event["routeKey"] = cmp.Or(gatewayRoute(r), "$default")
		event["pathParameters"] = parameters(r)
	}

	http := context["http"].(object)
	http["method"], http["path"], http["sourceIp"] = r.Method, s.path(r), "192.0.2.1"

	event["rawPath"], event["rawQueryString"] = s.path(r), r.URL.RawQuery
	event["queryStringParameters"] = single(r.URL.Query(), commas)

	header := r.Header.Clone()
	delete(event, "cookies")
	if cookies := header["Cookie"]; len(cookies) > 0 {
		event["cookies"] = strings.Split(strings.Join(cookies, "; "), "; ")
		delete(header, "Cookie")
	}
	event["headers"] = single(url.Values(header), commas)
}

func writePayload1(s *Source, event object, r *http.Request) {
	_, resource, _ := strings.Cut(gatewayRoute(r), " ")
	event["resource"] = cmp.Or(resource, "$default")
	event["pathParameters"] = parameters(r)
	event["httpMethod"], event["path"] = r.Method, s.path(r)

	context := event["requestContext"].(object)
	context["stage"], context["domainName"] = s.stage, r.Host
	context["identity"].(object)["sourceIp"] = "192.0.2.1"

	event["headers"] = single(url.Values(r.Header), last)
	event["multiValueHeaders"] = r.Header
	event["queryStringParameters"] = single(r.URL.Query(), last)
	event["multiValueQueryStringParameters"] = r.URL.Query()
}

func writeBalanced(s *Source, event object, r *http.Request) {
	event["httpMethod"], event["path"] = r.Method, s.path(r)
	event["headers"] = single(url.Values(lower(r.Header)), last)
	event["queryStringParameters"] = single(rawQuery(r), last)
}

func writeBalancedMultiValue(s *Source, event object, r *http.Request) {
	event["httpMethod"], event["path"] = r.Method, s.path(r)
	event["multiValueHeaders"] = lower(r.Header)
	event["multiValueQueryStringParameters"] = rawQuery(r)
}

// lower returns the header with names in lower case, as load balancers write them.
func lower(header http.Header) http.Header {
	lower := http.Header{}
	for name, values := range header {
		lower[strings.ToLower(name)] = values
	}
	return lower
}

// rawQuery returns the parameters of the query with their escapes.
func rawQuery(r *http.Request) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			values[name] = append(values[name], value)
		}
	}
	return values
}

func commas(values []string) string { return strings.Join(values, ",") }
func last(values []string) string   { return values[len(values)-1] }

func single(values url.Values, join func([]string) string) map[string]string {
	joined := map[string]string{}
	for name, v := range values {
		joined[name] = join(v)
	}
	return joined
}

// An answer is what functions return. Each source reads some of it.
type answer struct {
	StatusCode        int
	StatusDescription string
	Headers           map[string]string
	MultiValueHeaders http.Header
	Cookies           []string
	Body              string
	IsBase64Encoded   bool
}

// Response returns the response that the client gets. It fails the test if the source would
// answer 502 instead.
func (s *Source) Response(tb testing.TB, o Outcome) *http.Response {
	tb.Helper()

	if o.Kind != "response" {
		tb.Fatalf("%s: the function posts to %s: %s", s.Name, o.Kind, o.Body)
	}

	var a answer
	if err := json.Unmarshal(o.Body, &a); err != nil || a.StatusCode < 200 {
		tb.Fatalf("%s: the function answers %s (%v)", s.Name, o.Body, err)
	}

	body := []byte(a.Body)
	if a.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(a.Body); err != nil {
			tb.Fatalf("%s: the function answers %s (%v)", s.Name, o.Body, err)
		}
	}
	return &http.Response{
		StatusCode:    a.StatusCode,
		Header:        s.read(a),
		Body:          io.NopCloser(strings.NewReader(string(body))),
		ContentLength: int64(len(body)),
	}
}

func readSingle(a answer) http.Header {
	header := http.Header{}
	for name, value := range a.Headers {
		header.Set(name, value)
	}
	return header
}

func readCookies(a answer) http.Header {
	header := readSingle(a)
	for _, cookie := range a.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	return header
}

func readMultiValue(a answer) http.Header {
	header := http.Header{}
	for name, values := range a.MultiValueHeaders {
		for _, value := range values {
			header.Add(name, value)
		}
	}
	return header
}
