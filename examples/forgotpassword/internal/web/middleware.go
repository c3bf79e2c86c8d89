package web

import (
	"context"
	"net/http"
	"time"
)

// handler puts around the routes what holds for all of them.
func (rt *router) handler() http.Handler {
	rt.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		rt.fail(w, r, http.StatusNotFound, "There is nothing here.")
	})
	return rt.app.headers(rt.app.log(rt.sameOrigin(rt.mux)))
}

// headers sets the headers of all answers, and the time that a request may take.
func (a *App) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if a.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// sameOrigin refuses what another site makes a browser send. GET counts where it acts: no site may have its visitors
// ask for codes by an image.
func (rt *router) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checked := r
		if actsOnGet(r) {
			checked = r.Clone(r.Context())
			checked.Method = http.MethodPost
		}
		if rt.app.CrossOrigin.Check(checked) != nil {
			rt.fail(w, r, http.StatusForbidden, "The request comes from another site.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// log writes one line for each request. It has the route, which the mux leaves in the request, and not the path, which
// can hold an address.
func (a *App) log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		a.Log.InfoContext(r.Context(), "request", "route", r.Pattern, "method", r.Method, "status", recorder.status,
			"duration_ms", milliseconds(time.Since(start)))
	})
}

// milliseconds returns the duration for a log, where a bare time.Duration is a number without a unit.
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

// bounded puts around a handler what bounds how often a client may call it.
func (rt *router) bounded(next http.HandlerFunc) http.HandlerFunc {
	if rt.app.Allow == nil {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if !rt.app.Allow(w, r) {
			w.Header().Set("Retry-After", "60")
			rt.fail(w, r, http.StatusTooManyRequests, "Too many requests come from your network. Try again in a minute.")
			return
		}
		next(w, r)
	}
}
