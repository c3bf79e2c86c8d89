package otphttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// corsMaxAge is how long a browser may remember the answer to a preflight, in seconds.
const corsMaxAge = "600"

// cors sets the CORS headers of an answer for the applications of Config.Origins, and answers their
// preflights. It reports whether the request was a preflight.
func (f *Flow) cors(w http.ResponseWriter, r *http.Request, methods ...string) (preflight bool) {
	if len(f.config.Origins) == 0 {
		return false
	}

	h := w.Header()
	h.Add("Vary", "Origin")

	origin := r.Header.Get("Origin")
	listed := slices.Contains(f.config.Origins, origin)
	if listed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "Retry-After")
	}

	asked := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	if !asked || !listed {
		return false
	}

	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key")
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// checkSite refuses what another site makes a browser send. A GET is checked too, because it acts
// where Config.AllowGET is set.
func (f *Flow) checkSite(r *http.Request) error {
	checked := r.Clone(r.Context())
	checked.Method = http.MethodPost

	if err := f.cross.Check(checked); err != nil {
		p := problem(CrossOrigin)
		p.Err = err
		return p
	}
	return nil
}

// fromBrowser reports whether the headers are those that every browser sends with a POST.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}

// originSchemes are those of the origins that browsers and app shells send: Capacitor, Ionic and
// Tauri beside HTTP.
var originSchemes = []string{"https", "http", "capacitor", "ionic", "tauri"}

// checkOrigin refuses what no browser sends as an Origin (RFC 6454 §6.2): it would let nobody in.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || !slices.Contains(originSchemes, u.Scheme) || u.Scheme+"://"+u.Host != origin ||
		!isHost(u.Hostname()) {
		return errors.New(`it must be an origin as browsers send it, such as ` +
			`"https://app.example.com": in lower case and ASCII, without a path or a wildcard`)
	}

	port, usual := u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme]
	number, err := strconv.ParseUint(port, 10, 16)
	if strings.HasSuffix(u.Host, ":") || port != "" &&
		(err != nil || port == usual || strconv.FormatUint(number, 10) != port) {
		return fmt.Errorf("its port is %q: browsers send no usual port, and none with zeros", port)
	}
	return nil
}

// isHost reports whether the text is a host name in lower case, or an IP address.
func isHost(host string) bool {
	if strings.Contains(host, ":") {
		return net.ParseIP(host) != nil && strings.ToLower(host) == host
	}
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-._", r)
	})
}
