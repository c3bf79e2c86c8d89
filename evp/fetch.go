package evp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// Bounds of what is fetched.
const (
	maxDocument    = 64 << 10 // bytes
	maxHeader      = 32 << 10 // bytes of an answer's header
	maxRedirects   = 2
	maxConnections = 4 // to a host
)

var (
	errRedirect  = errors.New("evp: redirected to another host, or too often")
	errNotPublic = errors.New("evp: not port 443 of a public address")
)

// newClient returns the default client. A connection serves one request, so that none is left of a
// flood. An end of time for each of its parts ends what goes on after its request is given up.
func newClient(resolver *net.Resolver, control dialControl, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Resolver: resolver, ControlContext: control, Timeout: timeout}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			// The final dot keeps the resolver from its search list.
			return dialer.DialContext(ctx, network, net.JoinHostPort(host+".", port))
		},
		TLSHandshakeTimeout:    timeout,
		ResponseHeaderTimeout:  timeout,
		MaxConnsPerHost:        maxConnections,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}}
}

// bounded returns a client that goes on as the given one does, but keeps no cookies and follows
// redirects only within the host. Chromium follows them to any; to refuse costs a mail.
func bounded(client *http.Client) *http.Client {
	c := *client
	c.Jar = nil
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		first := via[0].URL
		if len(via) > maxRedirects || r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
			return errRedirect
		}
		return nil
	}
	return &c
}

// A dialControl is asked for each address before a connection to it is begun, after names are
// resolved. So a name that resolves to something else each time gains nothing.
type dialControl func(ctx context.Context, network, address string, _ syscall.RawConn) error

func onlyPublic(_ context.Context, _, address string, _ syscall.RawConn) error {
	addrPort, err := netip.ParseAddrPort(address)
	if err != nil || addrPort.Port() != 443 || !isPublic(addrPort.Addr()) {
		return errNotPublic
	}
	return nil
}

// isPublic reports whether an address is for anybody on the internet, by IANA's registries of
// special-purpose addresses (RFC 6890).
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	if nat64.Contains(ip) { // the last four bytes are an IPv4 address
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}

	special := special4
	if ip.Is6() {
		special = special6
	}
	return ip.IsGlobalUnicast() && ip.Zone() == "" && (ip.Is4() || unicast6.Contains(ip)) &&
		!slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}

var (
	nat64    = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	unicast6 = netip.MustParsePrefix("2000::/3")     // the part of IPv6 that is given out

	special4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
		"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4")
	special6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

func prefixes(all ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(all))
	for i, s := range all {
		parsed[i] = netip.MustParsePrefix(s)
	}
	return parsed
}

// fetch gets a JSON object of one of the media types.
func fetch(
	ctx context.Context, client *http.Client, step Step, address string, types ...string,
) (object, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, invalid(step, "its URL cannot be read")
	}
	request.Header.Set("Accept", "application/json")

	response, err := client.Do(request)
	if err != nil {
		return nil, failed(step, err)
	}
	defer response.Body.Close()

	if err := checkAnswer(step, response, types); err != nil {
		return nil, err
	}
	return readDocument(step, response.Body)
}

// checkAnswer judges the header. An answer that may be another one in a minute is ErrUnavailable.
func checkAnswer(step Step, response *http.Response, types []string) error {
	switch code := response.StatusCode; {
	case code >= 500 || code == http.StatusTooManyRequests:
		return unavailable(step, fmt.Sprintf("answered with status %d", code), nil)
	case code != http.StatusOK:
		return invalid(step, fmt.Sprintf("answered with status %d", code))
	}

	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, media) {
		return invalid(step, "not of a JSON type")
	}
	return nil
}

func readDocument(step Step, body io.Reader) (object, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	switch {
	case len(data) > maxDocument:
		return nil, invalid(step, "longer than 64 KiB")
	case err != nil:
		return nil, failed(step, err)
	}

	document, err := parseObject(data)
	if err != nil {
		return nil, invalid(step, "not one strict JSON object")
	}
	return document, nil
}

// isDocumentURL reports whether a URL that a stranger chose may be fetched: https, a host name, the
// default port. Which address the name has is judged when it is dialed.
func isDocumentURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 2048 && u.Scheme == "https" && u.User == nil &&
		u.Fragment == "" && isHost(u.Host)
}
