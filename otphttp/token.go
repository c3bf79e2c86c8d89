package otphttp

import (
	"crypto/aes"
	"crypto/cipher"
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

// tokens writes sessions as text and reads them. The text is sealed (AES-256-GCM): who has it
// learns neither the address of the account nor whether there is one.
type tokens struct {
	keys     []cipher.AEAD // the first writes
	lifetime time.Duration
}

// sessionGrace is how long a session outlives the code: long enough to say that the code has
// expired.
const sessionGrace = time.Hour

func newTokens(keys otp.Keys, name string, codeLifetime time.Duration) (*tokens, error) {
	derived, err := subkeys(keys, "otphttp/session/"+name)
	if err != nil {
		return nil, err
	}

	t := &tokens{lifetime: codeLifetime + sessionGrace}
	for _, key := range derived {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		t.keys = append(t.keys, aead)
	}
	return t, nil
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

// The layout of a session: what has a fixed length, room for what Find has returned, the typed
// address, and zeros. So the length depends on what the client has sent, and on nothing else.
const (
	sessionVersion = 2
	sessionFixed   = 1 + 1 + 1 + 1 + 8 + 8
	sessionHead    = sessionFixed + nonceLength + bindingLength
	sessionStep    = 256 // lengths are multiples of it, and at least twice that
)

// The flags of a session.
const (
	flagKnown = 1 << iota
	flagAccepted
	flagProved
)

// write returns the session as text, sealed.
func (t *tokens) write(s *session) string {
	flags := flag(s.known, flagKnown) | flag(s.accepted, flagAccepted) | flag(s.proved, flagProved)

	plain := []byte{sessionVersion, flags, byte(s.trust), byte(s.asked)}
	plain = binary.BigEndian.AppendUint64(plain, uint64(s.issued.Unix()))
	plain = binary.BigEndian.AppendUint64(plain, uint64(s.vouched.Unix()))
	plain = append(plain, s.nonce[:]...)
	plain = append(plain, s.browser...)
	plain = appendField(plain, s.transaction, maxTransaction)
	plain = appendField(plain, s.to, maxAddress)
	plain = appendField(plain, s.address, len(s.address))

	length := max(2*sessionStep, (len(plain)+sessionStep-1)/sessionStep*sessionStep)
	plain = append(plain, make([]byte, length-len(plain))...)
	return base64.RawURLEncoding.EncodeToString(t.keys[0].Seal(nil, nil, plain, nil))
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// appendField appends a text with its length, in the given room.
func appendField(to []byte, text string, room int) []byte {
	to = binary.BigEndian.AppendUint16(to, uint16(len(text)))
	to = append(to, text...)
	return append(to, make([]byte, room-len(text))...)
}

var errToken = errors.New("the session is not one of this service, or is over")

// read returns the session of a text.
func (t *tokens) read(text string) (session, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return session{}, errToken
	}

	for _, key := range t.keys {
		plain, err := key.Open(nil, nil, sealed, nil)
		if err != nil {
			continue
		}
		s, ok := parseSession(plain)
		age := time.Since(s.issued)
		if ok && age < t.lifetime {
			s.proved = s.proved && time.Since(s.vouched) < t.lifetime-sessionGrace
			return s, nil
		}
	}
	return session{}, errToken
}

// parseSession reads what write has written. Only another version can differ.
func parseSession(plain []byte) (s session, ok bool) {
	if len(plain) < 2*sessionStep || plain[0] != sessionVersion {
		return session{}, false
	}

	flags := plain[1]
	s = session{
		known:    flags&flagKnown != 0,
		accepted: flags&flagAccepted != 0,
		proved:   flags&flagProved != 0,
		trust:    otp.Trust(plain[2]),
		asked:    trustSet(plain[3]),
		issued:   time.Unix(int64(binary.BigEndian.Uint64(plain[4:])), 0),
		vouched:  time.Unix(int64(binary.BigEndian.Uint64(plain[12:])), 0),
		browser:  string(plain[sessionFixed+nonceLength : sessionHead]),
	}
	copy(s.nonce[:], plain[sessionFixed:])
	rest := plain[sessionHead:]
	s.transaction, rest = field(rest, maxTransaction)
	s.to, rest = field(rest, maxAddress)
	s.address, _ = field(rest, 0)
	return s, true
}

// field returns the text at the start of plain, and what follows its room.
func field(plain []byte, room int) (text string, rest []byte) {
	length := int(binary.BigEndian.Uint16(plain))
	text = string(plain[2 : 2+length])
	return text, plain[2+max(room, length):]
}

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
