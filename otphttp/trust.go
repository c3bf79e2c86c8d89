package otphttp

import (
	"iter"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// A ground is why a client has a Trust.
type ground struct {
	trust   otp.Trust
	vouched time.Time // when there was evidence
}

// grounds yields the Trusts that there is a ground for, those first that cost the client least:
//
//   - that of the live code of its session, which is sent again;
//   - that of the application, or of a known device;
//   - that of a challenge, once it is solved;
//   - or, without any of these, that of a stranger.
//
// A client without a Binding is a stranger (rule 8).
func (f *Flow) grounds(r *http.Request, q *asker) iter.Seq2[ground, error] {
	stranger := ground{otp.Stranger, q.session.issued}
	return func(yield func(ground, error) bool) {
		if q.session.browser == "" {
			yield(stranger, nil)
			return
		}

		kept, isKept, err := f.kept(r, q)
		if (isKept || err != nil) && !yield(kept, err) {
			return
		}

		known := ground{q.Trust, q.session.issued}
		if q.device {
			known.trust = otp.Known
		}
		if known.trust > otp.Stranger && !yield(known, nil) {
			return
		}

		solved := false
		if f.config.Challenge != nil {
			solved, err = f.config.Challenge(r)
		}
		switch {
		case solved || err != nil:
			yield(ground{otp.Challenged, q.session.issued}, err)
		case !isKept && known.trust == otp.Stranger:
			yield(stranger, nil)
		}
	}
}

// kept returns the ground of the earlier session, while that has a live code and the evidence is
// younger than a code may be. Codes of other Trusts can still be entered in the session.
func (f *Flow) kept(r *http.Request, q *asker) (g ground, ok bool, err error) {
	e := &q.earlier
	if e.browser == "" || e.binding() != q.session.binding() || f.normal(e.to) != f.normal(q.To) {
		return ground{}, false, nil
	}
	q.session.asked = e.asked

	old := time.Since(e.vouched) >= f.config.Codes.Policy().Lifetime
	if e.trust > otp.Stranger && old {
		return ground{}, false, nil
	}
	status, err := f.config.Codes.Status(r.Context(), otp.Request{
		To: q.To, Binding: e.binding(), Trust: e.trust, Decoy: !q.Known,
	})
	return ground{e.trust, e.vouched}, status.Live, err
}
