package otphttp

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// sessionField is the member by which clients without cookies carry their session.
const sessionField = "session"

// A session is what a client has to remember from Send to Verify. It is signed, not secret: it
// holds nothing that the client does not know. That there is no account is not in it.
type session struct {
	issued  time.Time // whole seconds, like vouched
	vouched time.Time // when the client has given the evidence for trust
	trust   otp.Trust
	done    bool
	binding string
	address string // as typed
}

// bind gives the session its Binding: that of the session which the client sends along, that of its
// cookie, or none.
func (f *Flow) bind(w http.ResponseWriter, r *http.Request, s *session) {
	switch {
	case r.PostForm.Has(sessionField):
		earlier, err := f.tokens.read(r.PostForm.Get(sessionField))
		if err != nil {
			earlier.binding = rand.Text()
		}
		s.binding = earlier.binding
	case f.bound(r) || !f.config.AllowUnbound || fromBrowser(r):
		s.binding = f.Binding(w, r)
	}
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
		return session{}, problem(SessionMissing)
	case address != "" && !f.sameAddress(address, s.address):
		p := problem(AddressMismatch)
		p.Field = f.config.AddressField
		return session{}, p
	}
	return s, nil
}

// bound reports whether the request brings the cookie that Binding sets.
func (f *Flow) bound(r *http.Request) bool {
	_, ok := f.cookies.readBinding(r)
	return ok
}

// begin hands the session to the client: as a cookie, or as text for clients that sent one along. A
// client without a Binding has none.
func (f *Flow) begin(w http.ResponseWriter, r *http.Request, s session) (text string) {
	switch {
	case s.binding == "":
		return ""
	case r.PostForm.Has(sessionField):
		return f.tokens.write(s)
	}

	f.setSession(w, r, s)
	return ""
}

func (f *Flow) setSession(w http.ResponseWriter, r *http.Request, s session) {
	f.cookies.set(w, r, f.sessionCookie(), f.tokens.write(s), f.tokens.maxAge())
}

func (f *Flow) sessionCookie() string { return bindingCookie + "-" + f.config.Name }

// session returns the session that the client sends along, or that of its cookie.
func (f *Flow) session(r *http.Request) (session, bool) {
	text := f.cookies.get(r, f.sessionCookie())
	if r.PostForm.Has(sessionField) {
		text = r.PostForm.Get(sessionField)
	}

	s, err := f.tokens.read(text)
	return s, err == nil
}

// markDone marks the session as done, so that a page that is opened again says so, and the device
// as known.
func (f *Flow) markDone(w http.ResponseWriter, r *http.Request, s session, to string) {
	if s.binding != "" && !r.PostForm.Has(sessionField) {
		s.done, s.issued = true, time.Now()
		f.setSession(w, r, s)
	}
	if f.config.Devices {
		f.RememberDevice(w, r, to)
	}
}
