package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request returns the request that the event describes, as a server would hand it to a handler.
func (e *event) request(ctx context.Context, basePath string) (*http.Request, error) {
	body, err := e.body()
	if err != nil {
		return nil, err
	}

	target := e.path(basePath)
	if query := e.query(); query != "" {
		target += "?" + query
	}

	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}

	r, err := http.NewRequestWithContext(ctx, e.method(), "/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}

	r.URL, r.RequestURI = u, target
	r.Header = e.header()
	r.Host = e.host(r.Header)
	r.RemoteAddr = net.JoinHostPort(e.sourceIP(r.Header), "0")

	r.Header.Del("Host") // as a server does
	if trace, _ := ctx.Value("x-amzn-trace-id").(string); trace != "" {
		r.Header.Set("X-Amzn-Trace-Id", trace)
	}
	return r, nil
}

func (e *event) method() string {
	if method := e.RequestContext.HTTP.Method; method != "" {
		return method
	}
	return e.HTTPMethod
}

func (e *event) body() ([]byte, error) {
	if !e.IsBase64Encoded {
		return []byte(e.Body), nil
	}
	return base64.StdEncoding.DecodeString(e.Body)
}

// path returns the path with its escapes, and without the stage and the base path.
func (e *event) path(basePath string) string {
	switch e.source {
	case httpAPI2:
		_, route, _ := strings.Cut(e.RouteKey, " ")
		path := trimBase(trimBase(e.RawPath, e.stage()), basePath)
		return escapedPath(path, route, e.PathParameters)
	case httpAPI1:
		path := trimBase(trimBase(e.Path, e.stage()), basePath)
		return escapedPath(path, e.Resource, e.PathParameters)
	case functionURL:
		return trimBase(e.RawPath, basePath)
	default: // REST APIs leave the stage out
		return trimBase(e.Path, basePath)
	}
}

// stage returns the first segment of all paths of a named stage: "/prod", or "".
func (e *event) stage() string {
	if stage := e.RequestContext.Stage; stage != "" && stage != "$default" {
		return "/" + stage
	}
	return ""
}

// trimBase returns the path below the base, which is "" or begins with a slash.
func trimBase(path, base string) string {
	rest, found := strings.CutPrefix(path, base)

	switch {
	case path == "", found && rest == "":
		return "/"
	case found && rest[0] == '/':
		return rest
	default:
		return path
	}
}

// escapedPath escapes what an HTTP API has decoded. The API has made "/" of "%2F", too. Within a
// parameter of the route, which is one segment, a slash can only have been an escaped one.
func escapedPath(decoded, route string, parameters map[string]string) string {
	plain := (&url.URL{Path: decoded}).EscapedPath()

	segments := strings.Split(route, "/")
	for i, segment := range segments {
		name, isParameter := strings.CutPrefix(segment, "{")
		if !isParameter {
			continue
		}

		name, greedy := strings.CutSuffix(strings.TrimSuffix(name, "}"), "+")
		if greedy {
			return plain
		}

		segments[i] = url.PathEscape(parameters[name])
	}

	path := strings.Join(segments, "/")
	if unescaped, err := url.PathUnescape(path); err != nil || unescaped != decoded {
		return plain // of the route $default, or not as the API writes events
	}
	return path
}

// query returns the query string with its escapes. REST APIs and payload 1.0 undo them, load
// balancers do not. The order of parameters with different names is lost in both.
func (e *event) query() string {
	switch e.source {
	case httpAPI2, functionURL:
		return e.RawQueryString
	case albSingle, albMultiValue:
		return join(e.parameters())
	default:
		return e.parameters().Encode()
	}
}

func (e *event) parameters() url.Values {
	if len(e.MultiValueQueryStringParameters) > 0 {
		return e.MultiValueQueryStringParameters
	}

	values := make(url.Values)
	for name, value := range e.QueryStringParameters {
		values.Set(name, value)
	}
	return values
}

// join returns a query string of names and values that are escaped already.
func join(values url.Values) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	return strings.Join(pairs, "&")
}

func (e *event) header() http.Header {
	header := make(http.Header)

	for name, values := range e.MultiValueHeaders {
		for _, value := range values {
			header.Add(name, value)
		}
	}

	if len(header) == 0 {
		for name, value := range e.Headers {
			header.Set(name, value)
		}
	}

	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return header
}

func (e *event) host(header http.Header) string {
	if host := header.Get("Host"); host != "" {
		return host
	}
	return e.RequestContext.DomainName
}

// sourceIP returns the address of the peer. A load balancer appends it to X-Forwarded-For.
func (e *event) sourceIP(header http.Header) string {
	switch e.source {
	case httpAPI2, functionURL:
		return e.RequestContext.HTTP.SourceIP
	case httpAPI1, restAPI:
		return e.RequestContext.Identity.SourceIP
	}

	forwarded := strings.Join(header.Values("X-Forwarded-For"), ",")
	last := strings.TrimSpace(forwarded[strings.LastIndex(forwarded, ",")+1:])

	if host, _, err := net.SplitHostPort(last); err == nil { // xff_client_port.enabled
		return host
	}
	return last
}
