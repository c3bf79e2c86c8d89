package otphttp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// minKey is the least length of a key, in bytes.
const minKey = 32

// maxAddress bounds an address, in bytes: 64 for the local part of an email address, 255 for its
// domain (RFC 5321 §4.5.3.1), and the sign between them.
const maxAddress = 320

// tokens writes sessions as text and reads them.
type tokens struct {
	keys     [][]byte // the first signs
	lifetime time.Duration
}

// sessionGrace is how long a session outlives the code: long enough to say that the code has
// expired.
const sessionGrace = time.Hour

func newTokens(keys otp.Keys, name string, codeLifetime time.Duration) (*tokens, error) {
	derived, err := subkeys(keys, "otphttp/session/"+name)
	return &tokens{derived, codeLifetime + sessionGrace}, err
}

// subkeys derives keys for one use.
func subkeys(keys otp.Keys, use string) ([][]byte, error) {
	var derived [][]byte
	for _, key := range keys {
		subkey, err := hkdf.Key(sha256.New, key, nil, use, sha256.Size)
		if err != nil {
			return nil, err
		}
		derived = append(derived, subkey)
	}
	return derived, nil
}

// sessionHead is the length of what stands before the address.
const sessionHead = 8 + 8 + 1 + 1 + bindingLength

// write returns the session as text, signed.
func (t *tokens) write(s session) string {
	payload := binary.BigEndian.AppendUint64(nil, uint64(s.issued.Unix()))
	payload = binary.BigEndian.AppendUint64(payload, uint64(s.vouched.Unix()))
	payload = append(payload, flag(s.done), byte(s.trust))
	payload = append(payload, s.binding...)
	payload = append(payload, s.address...)

	signed := append(payload, sum(t.keys[0], payload)...)
	return base64.RawURLEncoding.EncodeToString(signed)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

var errToken = errors.New("the session is not one of this service, or is over")

// read returns the session of a text.
func (t *tokens) read(text string) (session, error) {
	signed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	at := len(signed) - sha256.Size
	if err != nil || at <= sessionHead || !verifies(t.keys, signed[:at], signed[at:]) {
		return session{}, errToken
	}

	head, address := signed[:sessionHead], signed[sessionHead:at]
	s := session{
		issued:  time.Unix(int64(binary.BigEndian.Uint64(head)), 0),
		vouched: time.Unix(int64(binary.BigEndian.Uint64(head[8:])), 0),
		done:    head[16] == 1,
		trust:   otp.Trust(head[17]),
		binding: string(head[18:]),
		address: string(address),
	}
	if !time.Now().Before(s.issued.Add(t.lifetime)) {
		return session{}, errToken
	}
	return s, nil
}

// maxAge is the lifetime of the cookie of a session, in seconds.
func (t *tokens) maxAge() int { return int(t.lifetime / time.Second) }

func sum(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// verifies reports whether one of the keys has signed the payload.
func verifies(keys [][]byte, payload, signature []byte) bool {
	for _, key := range keys {
		if hmac.Equal(sum(key, payload), signature) {
			return true
		}
	}
	return false
}
