package otphttp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// keyField is the hidden field that tells one submission from another.
const keyField = "idempotency_key"

// Submit verifies the code in the body of the request and does what it allows, for handlers that
// answer in their own way. It checks method, origin, budget and body as [Flow.Verify] does.
// answered reports whether Done has written an answer.
//
// The error is a *Problem, or one of package otp, or the service's own; [ProblemOf] describes it.
func (f *Flow) Submit(w http.ResponseWriter, r *http.Request) (answered bool, err error) {
	if err := f.open(w, r, http.MethodPost); err != nil {
		return false, f.failed(r, err)
	}

	answered, err = f.submit(w, r)
	return answered, f.failed(r, err)
}

func (f *Flow) submit(w http.ResponseWriter, r *http.Request) (answered bool, err error) {
	s, err := f.claim(r)
	if err != nil {
		return false, err
	}

	to, _, err := f.find(r, s.address)
	if err != nil {
		return false, err
	}
	done, err := f.config.Accept(r, to)
	if err != nil {
		return false, err
	}

	err = f.config.Codes.Verify(r.Context(), otp.Submission{
		To: to, Binding: s.binding, Trust: s.trust,
		Code:           r.PostForm.Get(f.config.CodeField),
		IdempotencyKey: idempotencyKey(r),
	})

	switch {
	case err == nil, errors.Is(err, otp.ErrRepeated) && f.config.Repeatable:
		return f.finish(w, r, s, to, done)
	case errors.Is(err, otp.ErrRepeated):
		f.markDone(w, r, s, to) // the browser may have dropped the first answer
		return false, nil
	case s.binding == "":
		return false, withoutReason(err) // whoever submits it may not have asked for it
	}
	return false, ProblemOf(err)
}

// claim returns the session of the submission. A submission for another address than that of the
// session comes from another tab of the same browser: it is refused before it costs an attempt.
func (f *Flow) claim(r *http.Request) (session, error) {
	address := r.PostForm.Get(f.config.AddressField)

	s, ok := f.session(r)
	switch {
	case !ok && f.config.AllowUnbound && !fromBrowser(r) && !r.PostForm.Has(sessionField):
		return session{address: address}, nil
	case !ok:
		return session{}, errNoSession()
	case address != "" && !sameAddress(address, s.address):
		return session{}, &Problem{
			Status: http.StatusConflict, Code: "address_mismatch", Field: f.config.AddressField,
			Detail: "You have asked for a code for another address since. No attempt was lost.",
		}
	}
	return s, nil
}

func errNoSession() error {
	return &Problem{
		Status: http.StatusForbidden, Code: "session_missing",
		Detail: "Enter the code where you asked for it, with cookies allowed, " +
			"or ask for another one.",
	}
}

// idempotencyKey returns the key of the header Idempotency-Key, or of the hidden field.
func idempotencyKey(r *http.Request) string {
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		return key
	}
	return r.PostForm.Get(keyField)
}

// finish does what the accepted code allows. If that fails, the client is left as it was.
func (f *Flow) finish(
	w http.ResponseWriter, r *http.Request, s session, to string, done Done,
) (answered bool, err error) {
	before := slices.Clone(w.Header().Values("Set-Cookie"))
	f.markDone(w, r, s, to)

	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), doneTimeout)
	defer cancel()

	a := &answer{ResponseWriter: w}
	if done != nil {
		err = done(ctx, a)
	}
	if err != nil {
		w.Header()["Set-Cookie"] = before
		return a.written, &Problem{
			Status: http.StatusServiceUnavailable, Code: "unfinished",
			Detail: "The code was right, but this could not be finished. Ask for another code.",
			Err:    err,
		}
	}

	if f.config.RevokeOthers {
		// It is done all the same: the codes that are left expire.
		f.failed(r, f.config.Codes.RevokeAll(ctx, to, s.binding))
	}
	return a.written, nil
}

// markDone marks the session as done, so that a page that is opened again says so, and the device
// as known.
func (f *Flow) markDone(w http.ResponseWriter, r *http.Request, s session, to string) {
	if s.binding != "" && !r.PostForm.Has(sessionField) {
		s.done, s.issued = true, time.Now()
		f.setSession(w, r, s)
	}
	if f.config.Devices {
		f.Remember(w, r, to)
	}
}

// An answer knows whether it was written.
type answer struct {
	http.ResponseWriter
	written bool
}

func (a *answer) WriteHeader(status int) {
	a.written = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.written = true
	return a.ResponseWriter.Write(p)
}

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
