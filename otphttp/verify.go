package otphttp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/seed-5978b5f1/otp"
)

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
	if err := checkKey(r); err != nil {
		return State{}, err
	}
	s, err := f.claim(r)
	if err != nil {
		return State{}, err
	}

	s.proved = s.proved && f.proofLasts() // elsewhere the code is judged
	state := s.state()
	if state.Data, err = f.pending(r, &s); err != nil && !f.repeats(r, &s) {
		return state, err
	}
	if s.proved {
		state, _, err := f.enter(w, r, &s)
		return state, err
	}

	sub, err := f.judge(r, &s)
	if err != nil {
		return f.rejected(r, state, &s, err)
	}

	done, err := f.config.Accept(r, s.claim())
	if err != nil {
		return state, err
	}
	if err := f.repeatable(f.config.Codes.Verify(r.Context(), sub)); err != nil {
		return f.rejected(r, state, &s, err)
	}

	state.Answered, err = f.finish(w, r, &s, done)
	state.Accepted = err == nil
	return state, err
}

// judge returns the submission that Verify would accept now. What is wrong is told here, before
// Accept works for it. A code that was asked for under another Trust of this session counts, too.
func (f *Flow) judge(r *http.Request, s *session) (otp.Submission, error) {
	sub := otp.Submission{
		To: s.to, Binding: s.binding(), Code: r.PostForm.Get(f.config.CodeField),
		IdempotencyKey: f.submissionKey(r),
	}

	var rejected error
	for _, sub.Trust = range s.trusts() {
		err := f.repeatable(f.config.Codes.Check(r.Context(), sub))
		if err == nil || !errors.Is(err, otp.ErrRejected) {
			return sub, err
		}
		if rejected == nil {
			rejected = err // of the latest code
		}
	}
	return sub, rejected
}

// repeats reports whether the submission was accepted before: then what it has confirmed is not
// pending any more. It asks only where no code is live, so that no attempt is lost.
func (f *Flow) repeats(r *http.Request, s *session) bool {
	status, err := f.statusOf(r, s)
	if err != nil || status.Live {
		return false
	}
	_, err = f.judge(r, s)
	return err == nil || errors.Is(err, otp.ErrRepeated)
}

// repeatable returns nil for a submission that was accepted before, unless Config.Once is set.
func (f *Flow) repeatable(err error) error {
	if errors.Is(err, otp.ErrRepeated) && !f.config.Once {
		return nil
	}
	return err
}

// rejected tells why a code was not accepted: the reason is for whoever has asked for the code.
func (f *Flow) rejected(r *http.Request, state State, s *session, err error) (State, error) {
	if s.browser == "" {
		return state, withoutReason(err)
	}

	p := ProblemOf(err)
	if p.Code == CodeMalformed { // was refused without a look at the record
		if status, err := f.statusOf(r, s); err == nil {
			p.CodeStatus = &status
		}
	}
	if p.CodeStatus != nil {
		state.Status = *p.CodeStatus
	}
	return state, p
}

// keyField is the hidden field that tells one submission from another.
const keyField = "idempotency_key"

// maxKey bounds an idempotency key, in bytes.
const maxKey = 128

// idempotencyKey returns the key of the header Idempotency-Key, with or without the quotation marks
// of draft-ietf-httpapi-idempotency-key-header-07, or of the hidden field.
func idempotencyKey(r *http.Request) string {
	key := r.Header.Get("Idempotency-Key")
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if key != "" {
		return key
	}
	return r.PostForm.Get(keyField)
}

// checkKey refuses a key that is too long, by its name.
func checkKey(r *http.Request) error {
	if len(idempotencyKey(r)) <= maxKey {
		return nil
	}
	return keyProblem("The Idempotency-Key must have at most %d bytes.", maxKey)
}

// keyProblem says what is wrong with a key, by a format and the bound.
func keyProblem(format string, bound int) *Problem {
	p := problem(InvalidRequest)
	p.Field, p.Detail = keyField, fmt.Sprintf(format, bound)
	return p
}

// unmixed names the members that may differ between a submission and its repetition, beside the
// fields of the Flow: what carries it, and the answers of the usual challenges.
var unmixed = []string{
	sessionField, keyField, proofField, "cf-turnstile-response",
	"g-recaptcha-response", "h-captcha-response", "frc-captcha-solution", "altcha", "challenge",
}

// submissionKey returns the key of a submission with the rest of the form mixed in: another
// password under the same key is no repetition. No key stays no key.
func (f *Flow) submissionKey(r *http.Request) string {
	key := idempotencyKey(r)
	if key == "" {
		return ""
	}
	return f.mixed(r, key)
}

// mixed returns a hash of texts and of what the form holds besides.
func (f *Flow) mixed(r *http.Request, texts ...string) string {
	hash := sha256.New()
	mix := func(text string) {
		hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
		hash.Write([]byte(text))
	}

	for _, text := range texts {
		mix(text)
	}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		own := name == f.config.CodeField || name == f.config.AddressField
		if !own && !slices.Contains(unmixed, name) {
			mix(name)
			mix(r.PostForm.Get(name))
		}
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}
