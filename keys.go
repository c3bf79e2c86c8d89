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
	key []byte
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

// A mac computes HMAC-SHA-256 under one key, for one message after the other: begin, append to buf, sum. It keeps the
// keyed state, since making one costs as much as using it. It is not safe for concurrent use.
type mac struct {
	hash hash.Hash
	buf  []byte // the message
	out  []byte
}

func newMAC(key []byte) *mac { return &mac{hash: hmac.New(sha256.New, key)} }

// begin starts an empty message.
func (m *mac) begin() { m.buf = m.buf[:0] }

// sum returns the MAC of the message, which holds until the next one, and clears the message.
func (m *mac) sum() []byte {
	m.hash.Reset()
	m.hash.Write(m.buf)
	m.out = m.hash.Sum(m.out[:0])
	clear(m.buf)
	return m.out
}

// appendField appends s with its length in front, so that no two lists of fields give the same message.
func (m *mac) appendField(s string) {
	m.buf = binary.BigEndian.AppendUint32(m.buf, uint32(len(s)))
	m.buf = append(m.buf, s...)
}
