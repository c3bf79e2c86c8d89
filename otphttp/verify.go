package otphttp

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/seed-5978b5f1/otp"
)

// keyField is the hidden field that tells one submission from another.
const keyField = "idempotency_key"

// Verify verifies the code in the body of the request and does what it allows, for handlers that
// answer in their own way. It checks method, origin, budget and body as [Flow.ServeVerify] does.
//
// The error is a *Problem, or one of package otp, or the service's own; [ProblemOf] describes it.
func (f *Flow) Verify(w http.ResponseWriter, r *http.Request) (State, error) {
	if err := f.open(w, r, http.MethodPost); err != nil {
		return State{}, f.failed(r, err)
	}

	state, err := f.verify(w, r)
	return state, f.failed(r, err)
}

func (f *Flow) verify(w http.ResponseWriter, r *http.Request) (State, error) {
	s, err := f.claim(r)
	if err != nil {
		return State{}, err
	}
	state := State{Address: s.address}

	to, _, err := f.find(r, s.address)
	if err != nil {
		return state, err
	}
	done, err := f.config.Accept(r, to)
	if err != nil {
		return state, err
	}

	err = f.config.Codes.Verify(r.Context(), otp.Submission{
		To: to, Binding: s.binding, Trust: s.trust,
		Code:           r.PostForm.Get(f.config.CodeField),
		IdempotencyKey: idempotencyKey(r),
	})

	switch {
	case err == nil, errors.Is(err, otp.ErrRepeated) && f.config.Repeatable:
		state.Answered, err = f.finish(w, r, s, to, done)
		state.Accepted = err == nil
		return state, err
	case errors.Is(err, otp.ErrRepeated):
		f.markDone(w, r, s, to) // the browser may have dropped the first answer
		state.Accepted = true
		return state, nil
	case s.binding == "":
		return state, withoutReason(err) // whoever submits it may not have asked for it
	}

	problem := ProblemOf(err)
	if problem.CodeStatus != nil {
		state.Status = *problem.CodeStatus
	}
	return state, problem
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
		p := problem(Unfinished)
		p.Err = err
		return a.written, p
	}

	if f.config.RevokeOthers {
		// It is done all the same: the codes that are left expire.
		f.failed(r, f.config.Codes.RevokeAll(ctx, to, s.binding))
	}
	return a.written, nil
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
