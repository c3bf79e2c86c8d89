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
	"strings"
	"sync"
)

// minKey is the least length of Config.Secret and of each key of Keys, in bytes.
const minKey = 32

// Keys are secret keys, newest first. They redact themselves when printed, logged or marshalled.
type Keys [][]byte

// ParseKeys parses keys from text, as it comes from a secret store or the environment: base64 (standard or URL
// alphabet, padded or not), separated by commas, each of at least 32 bytes. White space around a key is passed over.
// The errors name the place of a bad key, never its content.
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
			return nil, fmt.Errorf("otp: key %d has %d bytes; at least %d are needed", i+1, len(key), minKey)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// subkey returns the key for one use, independent of those for all others.
func subkey(secret []byte, use string, length int) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "otp/v1/"+use, length)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for %s: %w", use, err)
	}
	return key, nil
}

// A keyID names a code key in the state of a code without telling anything of the key.
type keyID [4]byte

// A codeKey derives codes.
type codeKey struct {
	id  keyID
	mac *macKey
}

func newCodeKey(secret []byte, purpose string) (k codeKey, err error) {
	id, err := subkey(secret, "code-key-id", len(k.id))
	if err != nil {
		return k, err
	}
	copy(k.id[:], id)
	k.mac, err = newMACKey(secret, "code/"+purpose)
	return k, err
}

// A macKey computes HMAC-SHA-256 under one key. It keeps the keyed states, since making one costs as much as using it.
type macKey struct {
	pool sync.Pool // of *mac
}

// A mac is one computation: begin, append to buf, end.
type mac struct {
	key  *macKey
	hash hash.Hash
	buf  []byte // the message
	sum  []byte
}

func newMACKey(secret []byte, use string) (*macKey, error) {
	key, err := subkey(secret, use, sha256.Size)
	if err != nil {
		return nil, err
	}
	k := &macKey{}
	k.pool.New = func() any { return &mac{key: k, hash: hmac.New(sha256.New, key)} }
	return k, nil
}

// begin returns a computation with an empty message.
func (k *macKey) begin() *mac {
	m := k.pool.Get().(*mac)
	m.buf = m.buf[:0]
	return m
}

// end returns the MAC of the message. m must not be used afterwards.
func (m *mac) end() (sum [sha256.Size]byte) {
	m.hash.Reset()
	m.hash.Write(m.buf)
	m.sum = m.hash.Sum(m.sum[:0])
	copy(sum[:], m.sum)
	clear(m.buf)
	m.key.pool.Put(m)
	return sum
}

// appendField appends s with its length in front, so that no two lists of fields give the same message.
func (m *mac) appendField(s string) {
	m.buf = binary.BigEndian.AppendUint32(m.buf, uint32(len(s)))
	m.buf = append(m.buf, s...)
}
