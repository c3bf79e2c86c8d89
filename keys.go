package otp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"slices"
	"strings"

	"github.com/seed-5978b5f1/otp/internal/redact"
)

// redacted is embedded in every exported type that holds a code, a key or an address (rule 13).
type redacted = redact.Value

// minKey is the least length of Config.Secret and of each key of Keys, in bytes.
const minKey = 32

// Keys are secret keys. They show as "[redacted]" when printed, logged or marshaled.
type Keys [][]byte

// Format writes "[redacted]" for every verb.
func (Keys) Format(f fmt.State, verb rune) { redacted{}.Format(f, verb) }

// LogValue returns "[redacted]".
func (Keys) LogValue() slog.Value { return redacted{}.LogValue() }

// MarshalText returns "[redacted]".
func (Keys) MarshalText() ([]byte, error) { return redacted{}.MarshalText() }

// MarshalBinary returns "[redacted]".
func (Keys) MarshalBinary() ([]byte, error) { return redacted{}.MarshalBinary() }

// ParseKeys parses keys from text as it comes from a secret store or the environment: base64
// (standard or URL alphabet, padded or not), separated by commas, each of at least 32 bytes. White
// space around a key is ignored. An error names the position of a bad key, never its content.
//
// "openssl rand -base64 32" makes a key.
func ParseKeys(text string) (Keys, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("otp: no keys: the text is empty; want base64, comma-separated")
	}

	var keys Keys
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimRight(strings.TrimSpace(part), "=")
		part = strings.NewReplacer("-", "+", "_", "/").Replace(part)

		key, err := base64.RawStdEncoding.Strict().DecodeString(part)
		if err != nil {
			return nil, fmt.Errorf("otp: key %d is not base64: %w", i+1, err)
		}
		if len(key) < minKey {
			return nil, fmt.Errorf("otp: key %d has %d bytes; at least %d are needed",
				i+1, len(key), minKey)
		}

		keys = append(keys, key)
	}
	return keys, nil
}

// ParseKey parses one key, for Config.Secret, in the form of [ParseKeys]. More than one key is an
// error.
func ParseKey(text string) ([]byte, error) {
	keys, err := ParseKeys(text)
	if err != nil {
		return nil, err
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("otp: %d keys where one is needed: the text has a comma", len(keys))
	}
	return keys[0], nil
}

// A keyring holds all keys of a Service. Each has one use and is independent of the others.
type keyring struct {
	record    []byte // locates the records
	binding   []byte // makes the tags of Bindings
	repeat    []byte // makes the tags of idempotency keys
	value     []byte // authenticates the values
	spend     []byte // locates the markers of Spend and makes their tags
	pseudonym []byte
	codes     []codeKey // derive the codes; never empty; the first issues
}

// A codeKey derives codes. Its id stands in the state of a code and tells nothing about the key.
type codeKey struct {
	id  keyID
	key []byte
}

type keyID [4]byte

// newKeyring derives all keys of the configuration, which has been checked.
func newKeyring(c *Config) (*keyring, error) {
	k := &keyring{}

	for use, key := range map[string]*[]byte{
		"record": &k.record, "binding": &k.binding, "repeat": &k.repeat,
		"value": &k.value, "spend": &k.spend, "pseudonym": &k.pseudonym,
	} {
		var err error
		if *key, err = subkey(c.Secret, use+"/"+c.Purpose, sha256.Size); err != nil {
			return nil, err
		}
	}

	secrets := c.CodeKeys
	if len(secrets) == 0 {
		secrets = Keys{c.Secret}
	}

	for i, secret := range secrets {
		key, err := newCodeKey(secret, c.Purpose)
		if err != nil {
			return nil, err
		}
		if j := k.codeKey(key.id); j >= 0 {
			return nil, fmt.Errorf("Config.CodeKeys has the same key at positions %d and %d", j, i)
		}

		k.codes = append(k.codes, key)
	}
	return k, nil
}

func newCodeKey(secret []byte, purpose string) (k codeKey, err error) {
	id, err := subkey(secret, "code-key-id", len(k.id))
	if err != nil {
		return k, err
	}
	copy(k.id[:], id)

	k.key, err = subkey(secret, "code/"+purpose, sha256.Size)
	return k, err
}

// subkey derives the key for one use (HKDF, RFC 5869).
func subkey(secret []byte, use string, length int) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "otp/v1/"+use, length)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for %s: %w", use, err)
	}
	return key, nil
}

// codeKey returns the index of the code key with this id, or -1.
func (k *keyring) codeKey(id keyID) int {
	return slices.IndexFunc(k.codes, func(key codeKey) bool { return key.id == id })
}

// knows reports whether codes of the key with this id can be derived.
func (k *keyring) knows(id keyID) bool { return k.codeKey(id) >= 0 }

// A mac computes HMAC-SHA-256 under one key, for one message after the other: begin, append fields
// to the message, sum. It keeps the keyed hash, because making one costs as much as using it. It is
// not safe for concurrent use.
type mac struct {
	hash    hash.Hash
	message []byte
	out     []byte
}

func newMAC(key []byte) *mac { return &mac{hash: hmac.New(sha256.New, key)} }

func (m *mac) begin() { m.message = m.message[:0] }

// field appends a field with its length in front, so that no two lists of fields give the same
// message.
func (m *mac) field(text string) {
	m.message = binary.BigEndian.AppendUint32(m.message, uint32(len(text)))
	m.message = append(m.message, text...)
}

// byteField does the same for bytes.
func (m *mac) byteField(b []byte) {
	m.message = binary.BigEndian.AppendUint32(m.message, uint32(len(b)))
	m.message = append(m.message, b...)
}

// sum returns the MAC of the message, which is valid until the next sum, and clears the message,
// which may hold an address or a code's derivation.
func (m *mac) sum() []byte {
	m.hash.Reset()
	m.hash.Write(m.message)
	m.out = m.hash.Sum(m.out[:0])
	clear(m.message)
	return m.out
}

// tag returns the first 16 bytes of the MAC of the message.
func (m *mac) tag() (t tag) {
	copy(t[:], m.sum())
	return t
}

// A tag stands for a Binding or an idempotency key in the store. The zero tag stands for none.
type tag [16]byte
