package otphttp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

const (
	// nonceLifetime is how long after the page was shown its form can bring a proof.
	nonceLifetime = time.Hour

	// nonceGrace is how much clocks may differ.
	nonceGrace = 5 * time.Minute

	nonceLength = 8 + 16
)

// A nonce tells one showing of a form from another: the time, in seconds, and a random part. Its
// text ends in a MAC over it and the Binding of the browser, so nothing is stored for it until it
// is spent.
type nonce [nonceLength]byte

func (n nonce) issued() time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(n[:])), 0)
}

// id and endID are what is spent: the proof, and its repeats.
func (n nonce) id() string    { return string(n[:]) }
func (n nonce) endID() string { return string(n[:]) + "end" }

// nonceEnd is when nothing comes with the nonce any more, on any clock: its form is over, and so is
// a session that carries the proof on.
func (f *Flow) nonceEnd(n nonce) time.Time {
	return n.issued().Add(nonceLifetime + f.config.Codes.Policy().Lifetime + 2*nonceGrace)
}

// Nonce returns a new nonce for the form that asks for the address, or "" without Config.Proofs. It
// sets the Binding of the browser, so call it in place of [Flow.Binding]. Show it so:
//
//	<input type="hidden" name="email_verification_token"
//		autocomplete="email-verification-token" nonce="…">
//
// Under a Content-Security-Policy header browsers empty the attribute: a script sets it then, by
// setAttribute. A form that was shown more than an hour ago proves nothing.
func (f *Flow) Nonce(w http.ResponseWriter, r *http.Request) string {
	binding := f.Binding(w, r)
	if f.config.Proofs == nil {
		return ""
	}

	var n nonce
	binary.BigEndian.PutUint64(n[:], uint64(time.Now().Unix()))
	rand.Read(n[8:]) // never fails
	mac := sum(f.nonceKeys[0], n[:], []byte(binding))
	return base64.RawURLEncoding.EncodeToString(append(n[:], mac...))
}

// readNonce returns the nonce of a text, if it is one for this browser and not too old.
func (f *Flow) readNonce(text, browser string) (n nonce, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= nonceLength || browser == "" {
		return nonce{}, false
	}

	head, mac := raw[:nonceLength], raw[nonceLength:]
	signed := append(head[:nonceLength:nonceLength], browser...)
	n = nonce(head)
	age := time.Since(n.issued())
	return n, verifies(f.nonceKeys, signed, mac) && age < nonceLifetime && age > -nonceGrace
}

// browser returns the Binding that Binding would return, or "" where the request brings none.
func (f *Flow) browser(r *http.Request) string {
	if s, ok := f.session(r); ok {
		return s.browser
	}
	binding, _ := f.cookies.readBinding(r)
	return binding
}
