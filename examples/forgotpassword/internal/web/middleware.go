package web

import (
	"context"
	"net/http"
	"time"
)

// requestTimeout bounds one request as a whole. What follows once a code is spent has its own time.
const requestTimeout = 10 * time.Second

// Wrap puts around a handler what holds for all requests: headers, a time-out and a line in the
// log.
func (a *App) Wrap(next http.Handler) http.Handler { return a.headers(a.logged(next)) }

// headers sets headers of all answers that a handler may replace, and the time that a request may
// take.
func (a *App) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		if a.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}

		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()

		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// logged writes one line for each request. It has the route, which the mux leaves in the request,
// and not the path, which can hold an address.
func (a *App) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}

		next.ServeHTTP(recorder, r)

		a.Log.InfoContext(r.Context(), "request", "route", r.Pattern, "method", r.Method,
			"status", recorder.status, "duration_ms", milliseconds(time.Since(start)))
	})
}

// milliseconds returns the duration for a log, where a bare time.Duration is a number without a
// unit.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
