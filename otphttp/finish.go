package otphttp

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"time"
)

// doneTimeout bounds Done.
const doneTimeout = 10 * time.Second

// finish does what is allowed now, and marks session and device. The client gets nothing of it
// unless Done has returned nil.
func (f *Flow) finish(
	w http.ResponseWriter, r *http.Request, s *session, done Done,
) (answered bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), doneTimeout)
	defer cancel()

	finished := false
	defer func() {
		if !finished && f.config.Once {
			f.endRepeats(r, s) // also where Done panics
		}
	}()

	a := &answer{header: w.Header().Clone()}
	if done != nil {
		err = done(ctx, a)
	}
	if err != nil {
		return false, f.unfinished(r, s, err)
	}
	finished = true

	if f.config.RevokeOthers {
		// It is done all the same: the codes that are left expire.
		f.failed(r, f.config.Codes.RevokeAll(context.WithoutCancel(ctx), s.to, s.binding()))
	}
	f.mark(a, r, s)
	return a.writeTo(w), nil
}

// unfinished tells that the code, or the proof, is spent in vain, and what helps.
func (f *Flow) unfinished(r *http.Request, s *session, cause error) error {
	p := problem(Unfinished)
	p.Err = cause
	if s.proved {
		p.Detail = "The address is proved, but this could not be finished. Try again."
		return p
	}
	if idempotencyKey(r) != "" && !f.config.Once {
		p.Detail = "The code was right, but this could not be finished. Send the same once more, " +
			"or ask for another code."
	}
	return p
}

// endRepeats makes a repetition a use of a used code, since Done has failed.
func (f *Flow) endRepeats(r *http.Request, s *session) {
	ctx := context.WithoutCancel(r.Context())
	f.failed(r, f.config.Codes.Revoke(ctx, s.to, s.binding()))
	f.failed(r, f.endRepeatsOf(ctx, s.nonce))
}

// An answer holds back what Done writes until that is known to be true.
type answer struct {
	header http.Header
	status int // 0 while nothing is written
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// writeTo hands the headers over, and what was written. It reports whether that was anything.
func (a *answer) writeTo(w http.ResponseWriter) (written bool) {
	clear(w.Header())
	maps.Copy(w.Header(), a.header)
	if a.status == 0 {
		return false
	}

	w.WriteHeader(a.status)
	w.Write(a.body.Bytes())
	return true
}
