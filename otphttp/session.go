package otphttp

import (
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// sessionField is the member by which clients without cookies carry their session.
const sessionField = "session"

// A session is what a client holds from Send to Verify, sealed.
type session struct {
	issued  time.Time // whole seconds, like vouched
	vouched time.Time // when there was evidence for trust
	trust   otp.Trust // of the latest code
	asked   trustSet  // of all codes that may be live

	known    bool // there is such an account
	accepted bool // a code, within the lifetime of the session
	proved   bool // the address, by the browser, less than the lifetime of a code after vouched

	nonce nonce // of the proof, or zero

	browser     string // the Binding of the browser
	transaction string // the Binding of the Recipient
	to          string
	address     string // as typed; empty where the application knows who it is
}

// A trustSet has a bit for each Trust.
type trustSet byte

func (t trustSet) with(trust otp.Trust) trustSet { return t | 1<<trust }
func (t trustSet) has(trust otp.Trust) bool      { return t&(1<<trust) != 0 }

// binding is that of the codes of the session. It is empty for clients that have none.
func (s *session) binding() string {
	if s.transaction == "" {
		return s.browser
	}
	return s.browser + "/" + s.transaction
}

// trusts are those under which the session may have a live code, that of the latest one first.
func (s *session) trusts() []otp.Trust {
	trusts := []otp.Trust{s.trust}
	for _, trust := range []otp.Trust{otp.Known, otp.Challenged, otp.Stranger} {
		if trust != s.trust && s.asked.has(trust) {
			trusts = append(trusts, trust)
		}
	}
	return trusts
}

// state returns where the client stands, without the Status of the code. It has the address that
// was typed, or the one that the application knew.
func (s *session) state() State {
	address := s.address
	if address == "" {
		address = s.to
	}
	return State{Address: address, Accepted: s.accepted, Proved: s.proved}
}

// claim is what an accepted code of the session shows.
func (s *session) claim() Claim { return Claim{s.to, s.transaction, s.proved} }

// session returns the session that the client sends along, or that of its cookie.
func (f *Flow) session(r *http.Request) (session, bool) {
	text := f.cookies.get(r, f.sessionCookie())
	if carries(r) {
		text = r.PostForm.Get(sessionField)
	}

	s, err := f.tokens.read(text)
	return s, err == nil
}

// carries reports whether the client carries its session itself, in place of cookies.
func carries(r *http.Request) bool { return r.PostForm.Has(sessionField) }

// minBindingKey is the least length of an Idempotency-Key that makes a Binding, in bytes: 128
// random bits in base64.
const minBindingKey = 22

// checkBindingKey refuses a key that is too short to make a Binding, where it would make one.
func (f *Flow) checkBindingKey(r *http.Request) error {
	key := idempotencyKey(r)
	if key == "" || len(key) >= minBindingKey || !carries(r) {
		return nil
	}
	if _, ok := f.session(r); ok {
		return nil
	}
	return keyProblem("The Idempotency-Key must have at least %d bytes, random ones: "+
		"it stands for the session.", minBindingKey)
}

// bind gives the session its Binding: that of the session of the browser, so that a code in the
// person's hand works after the cookie of the Binding was lost, that of its cookie, or a new one. A
// client that carries its session makes the Binding itself if it sends a key, so that a request
// that is repeated after its answer was lost has the same. Clients that may be unbound have none.
func (f *Flow) bind(w http.ResponseWriter, r *http.Request, s *session) (err error) {
	earlier, ok := f.session(r)
	switch key := idempotencyKey(r); {
	case carries(r) && ok:
		s.browser = earlier.browser
	case carries(r) && len(key) >= minBindingKey:
		s.browser, err = f.madeBinding(r, *s, key)
	case carries(r):
		s.browser = rand.Text()
	case ok || f.cookies.binds(r) || !f.config.AllowUnbound || fromBrowser(r):
		s.browser = f.Binding(w, r)
	}
	return err
}

// madeBinding returns the Binding that a client makes by its key, for an address. While keys are
// changed, the one under another key counts if it has a live code.
func (f *Flow) madeBinding(r *http.Request, s session, key string) (string, error) {
	under := func(secret []byte) string {
		mac := sum(secret, []byte(f.normal(s.state().Address)), []byte{0}, []byte(key))
		return base32.StdEncoding.EncodeToString(mac)[:bindingLength]
	}

	s.asked = trustSet(0).with(otp.Stranger).with(otp.Challenged).with(otp.Known)
	for _, secret := range f.bindingKeys[1:] {
		s.browser = under(secret)
		status, err := f.statusOf(r, &s)
		if err != nil || status.Live {
			return s.browser, err
		}
	}
	return under(f.bindingKeys[0]), nil
}

// Binding returns the Binding of the browser: that of its session in this Flow, else that of the
// cookie "__Host-otp", which it sets where it is missing, as the function [Binding] does.
func (f *Flow) Binding(w http.ResponseWriter, r *http.Request) string {
	s, err := f.tokens.read(f.cookies.get(r, f.sessionCookie()))
	if err != nil || f.cookies.get(r, bindingCookie) == s.browser {
		return f.cookies.binding(w, r)
	}

	f.cookies.set(w, r, bindingCookie, s.browser, f.cookieAge())
	return s.browser
}

// begin hands the session to the client: as a cookie, or as text for clients that sent one along. A
// client without a Binding has none.
func (f *Flow) begin(w http.ResponseWriter, r *http.Request, s *session) (text string) {
	switch {
	case s.browser == "":
		return ""
	case carries(r):
		return f.tokens.write(s)
	}

	// Both cookies live as long, whatever the browser does when it ends.
	f.cookies.set(w, r, bindingCookie, s.browser, f.cookieAge())
	f.setSession(w, r, s)
	return ""
}

func (f *Flow) setSession(w http.ResponseWriter, r *http.Request, s *session) {
	f.cookies.set(w, r, f.sessionCookie(), f.tokens.write(s), f.cookieAge())
}

func (f *Flow) sessionCookie() string { return bindingCookie + "-" + f.config.Name }

// cookieAge is how long cookies stay, in seconds: a day after the code, so that a form that was
// left open finds its Binding.
func (f *Flow) cookieAge() int {
	return int((f.config.Codes.Policy().Lifetime + 24*time.Hour) / time.Second)
}

// End ends this flow of the browser: it revokes the codes of its Binding and drops its cookies, but
// for that of the device. At sign-out call it for each Flow, before anything is written to w. A
// failure of the store is logged; the codes then end by themselves.
func (f *Flow) End(w http.ResponseWriter, r *http.Request) {
	if s, ok := f.session(r); ok {
		f.failed(r, f.config.Codes.Revoke(r.Context(), s.to, s.binding()))
		f.failed(r, f.endRepeatsOf(r.Context(), s.nonce))
	}

	f.cookies.set(w, r, f.sessionCookie(), "", -1)
	f.cookies.set(w, r, bindingCookie, "", -1)
}

// claim returns the session of the submission. A submission for another address than that of the
// session comes from another tab of the same browser: it is refused before it costs an attempt.
func (f *Flow) claim(r *http.Request) (session, error) {
	typed := f.typed(r)

	s, ok := f.session(r)
	switch {
	case !ok && f.config.AllowUnbound && !fromBrowser(r) && !carries(r):
		return f.unbound(r, typed)
	case !ok:
		return session{}, problem(SessionMissing)
	case typed != "" && f.normal(typed) != f.normal(s.state().Address):
		p := problem(AddressMismatch)
		p.Field = f.config.AddressField
		return session{}, p
	}
	return s, nil
}

// unbound returns what stands for the session of a client that has none.
func (f *Flow) unbound(r *http.Request, typed string) (session, error) {
	rec, err := f.findWithin(r, typed)
	if err != nil {
		return session{}, err
	}
	return session{
		known: rec.Known, transaction: rec.Binding, to: rec.To, address: typed,
	}, nil
}

// pending asks the application again what is to be confirmed, where it knows who it is. The code of
// another transaction confirms nothing, and costs no attempt.
func (f *Flow) pending(r *http.Request, s *session) (data any, err error) {
	if s.address != "" {
		return nil, nil
	}

	rec, err := f.find(r, "")
	if err == nil && (rec.Binding != s.transaction || f.normal(rec.To) != f.normal(s.to)) {
		err = problem(TransactionChanged)
	}
	return rec.Data, err
}

// mark marks the session as accepted, so that a page that is opened again says so, and the device
// as known.
func (f *Flow) mark(w http.ResponseWriter, r *http.Request, s *session) {
	if s.browser != "" && !carries(r) {
		s.accepted, s.issued = true, time.Now()
		f.setSession(w, r, s)
	}
	if f.config.Devices {
		f.RememberDevice(w, r, s.to)
	}
}
