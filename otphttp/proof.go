package otphttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
)

// proofField is the member by which a browser proves an address: the name of a hidden field with
// autocomplete="email-verification-token".
const proofField = "email_verification_token"

// A proof is what became of a token, whoever the account belongs to.
type proof struct {
	evp.Proof
	nonce nonce
	err   error         // nil if it holds
	took  time.Duration // to verify
}

// prove verifies the token of a Send, or returns nil where there is none. The nonce comes before
// anything is looked up. It knows no account, so its time tells nothing about one.
func (f *Flow) prove(r *http.Request) *proof {
	token := r.PostForm.Get(proofField)
	if f.config.Proofs == nil || token == "" {
		return nil
	}

	begun, p := time.Now(), new(proof)
	p.Proof, p.err = f.config.Proofs.Verify(r.Context(), token, func(text string) (ok bool) {
		p.nonce, ok = f.readNonce(text, f.browser(r))
		return ok
	})
	p.took = time.Since(begun)
	return p
}

var errOtherAddress = fmt.Errorf("otphttp: the proof of another address: %w", otp.ErrMismatch)

// holds reports whether the browser has proved the stored address of an account. A proof of an
// address without an account is answered like no proof.
func (f *Flow) holds(r *http.Request, q *asker, p *proof) bool {
	if p == nil {
		return false
	}

	err := p.err
	if err == nil && !p.Is(q.To) {
		err = errOtherAddress
	}
	f.config.Codes.Report(r.Context(), otp.Event{
		Op: otp.OpProof, Pseudonym: f.config.Codes.Pseudonym(q.To), Err: err, Decoy: !q.Known,
		Duration: p.took,
	})

	q.device = q.device || err == nil // evidence, also where the proof is spent
	return err == nil && q.Known
}

// takeProof takes a proof in place of a code. It is not taken if it was spent before, for another
// form.
func (f *Flow) takeProof(
	w http.ResponseWriter, r *http.Request, q *asker, p *proof,
) (state State, taken bool, err error) {
	s := q.session
	s.proved, s.nonce, s.trust, s.asked = true, p.nonce, otp.Known, q.earlier.asked
	if !f.proofLasts() {
		return f.enter(w, r, &s)
	}

	err = f.checkNonce(r.Context(), s.nonce, "")
	if err != nil {
		return State{}, !isSpent(err), err
	}
	state = s.state()
	state.Session = f.begin(w, r, &s)
	return state, true, nil
}

// proofLasts reports whether the session carries the proof on to Verify: the new password comes
// there.
func (f *Flow) proofLasts() bool { return f.config.Codes.Kind() == otp.ResetPassword }

// enter does what a proof allows, once for each form and transaction. Nothing is spent where Accept
// refuses.
func (f *Flow) enter(
	w http.ResponseWriter, r *http.Request, s *session,
) (state State, taken bool, err error) {
	state = s.state()
	key := f.mixed(r,
		idempotencyKey(r), f.normal(s.to), s.transaction, r.PostForm.Get(proofField))
	if err := f.repeatable(f.checkNonce(r.Context(), s.nonce, key)); err != nil {
		return state, !isSpent(err), ProblemOf(err)
	}

	done, err := f.config.Accept(r, s.claim())
	if err != nil {
		return state, true, err
	}
	if err := f.repeatable(f.spendNonce(r, s, key)); err != nil {
		return state, !isSpent(err), ProblemOf(err)
	}

	state.Answered, err = f.finish(w, r, s, done)
	state.Accepted = err == nil
	return state, true, err
}

func isSpent(err error) bool { return errors.Is(err, otp.ErrUsed) }

// spendNonce spends the proof of a session for a form, and voids the codes that were asked for
// before.
func (f *Flow) spendNonce(r *http.Request, s *session, key string) error {
	err := f.config.Codes.Spend(r.Context(), s.nonce.id(), key, f.nonceEnd(s.nonce))
	if err == nil && s.asked != 0 { // the proof is spent all the same: codes that are left expire
		ctx := context.WithoutCancel(r.Context())
		f.failed(r, f.config.Codes.Revoke(ctx, s.to, s.binding()))
	}
	return err
}

// checkNonce judges as spendNonce does. The repeats of a nonce can be ended.
func (f *Flow) checkNonce(ctx context.Context, n nonce, key string) error {
	err := f.config.Codes.CheckSpend(ctx, n.id(), key)
	if errors.Is(err, otp.ErrRepeated) {
		if ended := f.config.Codes.CheckSpend(ctx, n.endID(), ""); ended != nil {
			return ended
		}
	}
	return err
}

// endRepeatsOf ends the repeats of a proof: its Done has failed, or the browser goes on to
// something else, so that a late copy undoes nothing (rule 6).
func (f *Flow) endRepeatsOf(ctx context.Context, n nonce) error {
	if n == (nonce{}) || time.Until(f.nonceEnd(n)) < nonceGrace {
		return nil
	}

	err := f.config.Codes.Spend(ctx, n.endID(), "", f.nonceEnd(n))
	if isSpent(err) {
		return nil
	}
	return err
}

// endReplacedProof ends the repeats of the proof that the browser has brought before.
func (f *Flow) endReplacedProof(r *http.Request, q *asker, p *proof) error {
	if p != nil && p.nonce == q.earlier.nonce {
		return nil
	}
	return f.endRepeatsOf(r.Context(), q.earlier.nonce)
}
