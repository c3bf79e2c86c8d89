package otphttp

import (
	"net/http"
	"slices"
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

// checkOrigin refuses what another site makes a browser send. A GET is checked too, because it acts
// where Config.AllowGET is set.
func (f *Flow) checkOrigin(r *http.Request) error {
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
