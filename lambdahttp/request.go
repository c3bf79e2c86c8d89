package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
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
	if r.Header, err = e.header(); err != nil {
		return nil, err
	}
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
// parameter of the route, which is one segment, a slash can only have been an escaped one. The
// emulator serverless-offline decodes the parameters, and the path in part.
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
	unescaped, err := url.PathUnescape(path)
	if err == nil && unescaped == decoded {
		return path
	}
	if emulated, err := url.PathUnescape(decoded); err == nil && unescaped == emulated {
		return path
	}
	return plain // of the route $default, or not as the API writes events
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

// header returns the header. Of names that differ only in case, which one Get returns follows from
// their spelling, not from the order of a map. A server refuses what is refused here.
func (e *event) header() (http.Header, error) {
	all := e.MultiValueHeaders
	if len(all) == 0 {
		all = make(map[string][]string, len(e.Headers))
		for name, value := range e.Headers {
			all[name] = []string{value}
		}
	}

	header := make(http.Header)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, value := range all[name] {
			if !isToken(name) || strings.ContainsAny(value, "\r\n\x00") {
				return nil, fmt.Errorf("malformed header %q", name)
			}
			header.Add(name, value)
		}
	}
	if len(header["Host"]) > 1 {
		return nil, errors.New("several Host headers")
	}

	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return header, nil
}

// isToken reports whether the text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		isAlphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !isAlphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
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
