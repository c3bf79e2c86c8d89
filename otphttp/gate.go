package otphttp

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// open checks what all requests that act have in common, and reads the body.
func (f *Flow) open(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if err := checkMethod(w, r, methods...); err != nil {
		return err
	}
	if err := f.checkSite(r); err != nil {
		return err
	}
	if err := f.checkBudget(w, r); err != nil {
		return err
	}

	if r.Method == http.MethodGet {
		name := f.config.AddressField
		r.PostForm = map[string][]string{name: {r.PathValue(name)}}
		return nil
	}
	return ParseBody(w, r)
}

// openToRead checks what all requests that only read have in common, and reads the body of a POST.
func (f *Flow) openToRead(w http.ResponseWriter, r *http.Request) error {
	if err := checkMethod(w, r, http.MethodGet, http.MethodPost, http.MethodHead); err != nil {
		return err
	}
	if err := f.checkBudget(w, r); err != nil {
		return err
	}

	if r.Method == http.MethodPost {
		return ParseBody(w, r)
	}
	return nil
}

// checkMethod refuses other methods than these. HEAD is among those of Status alone: a GET of Send
// acts.
func checkMethod(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if slices.Contains(methods, r.Method) {
		return nil
	}

	allowed := strings.Join(methods, ", ")
	w.Header().Set("Allow", allowed)
	p := problem(MethodNotAllowed)
	p.Detail = "This takes " + allowed + " only."
	return p
}

func (f *Flow) checkBudget(w http.ResponseWriter, r *http.Request) error {
	if f.config.Allow == nil || f.config.Allow(w, r) {
		return nil
	}
	p := problem(TooManyRequests)
	p.retryAt = time.Now().Add(time.Minute)
	return p
}
