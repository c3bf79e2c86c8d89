package evp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"slices"
)

// Bounds of keys. A set may hold 32 keys that can be used; what follows is not tried.
const (
	maxKeys    = 32
	minRSABits = 2048
	maxRSABits = 8192
)

var errKey = errors.New("no key that can be used")

// A publicKey verifies signatures by the one algorithm of its kind: the key chooses, and the header
// of a token has to agree. So "none" and HS256 with a public key as the secret do not exist.
type publicKey struct {
	id         string
	algorithms []string // the names of the algorithm
	verify     func(signed, signature []byte) bool
}

// named reports whether a token that names this key, or none, may be signed by this one. Those of
// Google name "".
func (k publicKey) named(t jws) bool {
	id := t.header.text("kid")
	return id == "" || id == k.id
}

// verifies reports whether the signature of the token is by this key.
func (k publicKey) verifies(t jws) bool {
	return slices.Contains(k.algorithms, t.header.text("alg")) &&
		k.verify([]byte(t.signed), t.signature)
}

// parseKey reads a JSON Web Key (RFC 7517): Ed25519 (RFC 8037; under the name of RFC 9864, too),
// P-256 or RSA (RFC 7518).
func parseKey(jwk object) (publicKey, error) {
	var key publicKey
	err := errKey
	switch jwk.text("kty") {
	case "OKP":
		key, err = parseEd25519(jwk)
	case "EC":
		key, err = parseP256(jwk)
	case "RSA":
		key, err = parseRSA(jwk)
	}
	if err != nil {
		return publicKey{}, err
	}
	key.id = jwk.text("kid")

	if jwk.has("alg") && !slices.Contains(key.algorithms, jwk.text("alg")) {
		return publicKey{}, errKey
	}
	return key, forSignatures(jwk)
}

// forSignatures refuses a key whose owner has it for something else (RFC 7517 §4.2, §4.3).
func forSignatures(jwk object) error {
	if jwk.has("use") && jwk.text("use") != "sig" {
		return errKey
	}
	if operations, ok := jwk["key_ops"].([]any); jwk.has("key_ops") &&
		(!ok || !slices.Contains(operations, any("verify"))) {
		return errKey
	}
	return nil
}

func parseEd25519(jwk object) (publicKey, error) {
	x, err := decodeBase64(jwk.text("x"))
	if err != nil || len(x) != ed25519.PublicKeySize || jwk.text("crv") != "Ed25519" {
		return publicKey{}, errKey
	}
	verify := func(signed, signature []byte) bool {
		return ed25519.Verify(x, signed, signature)
	}
	return publicKey{algorithms: []string{"EdDSA", "Ed25519"}, verify: verify}, nil
}

func parseP256(jwk object) (publicKey, error) {
	x, errX := decodeBase64(jwk.text("x"))
	y, errY := decodeBase64(jwk.text("y"))
	if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 || jwk.text("crv") != "P-256" {
		return publicKey{}, errKey
	}

	point := slices.Concat([]byte{4}, x, y) // SEC 1 §2.3.3
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return publicKey{}, errKey
	}

	verify := func(signed, signature []byte) bool {
		if len(signature) != 64 {
			return false
		}
		digest := sha256.Sum256(signed)
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(key, digest[:], r, s)
	}
	return publicKey{algorithms: []string{"ES256"}, verify: verify}, nil
}

func parseRSA(jwk object) (publicKey, error) {
	modulus, errN := decodeBase64(jwk.text("n"))
	exponent, errE := decodeBase64(jwk.text("e"))
	if errN != nil || errE != nil || len(exponent) > 4 {
		return publicKey{}, errKey
	}

	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent).Int64()
	if n.BitLen() < minRSABits || n.BitLen() > maxRSABits || n.Bit(0) == 0 ||
		e < 3 || e%2 == 0 || e >= 1<<31 {
		return publicKey{}, errKey
	}

	key := &rsa.PublicKey{N: n, E: int(e)}
	verify := func(signed, signature []byte) bool {
		digest := sha256.Sum256(signed)
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	}
	return publicKey{algorithms: []string{"RS256"}, verify: verify}, nil
}

// parseKeys returns the keys of a JSON Web Key Set that can be used. One that cannot does not spoil
// the others.
func parseKeys(set object) ([]publicKey, error) {
	elements, ok := set["keys"].([]any)
	if !ok {
		return nil, errKey
	}

	var keys []publicKey
	for _, element := range elements {
		jwk, _ := element.(map[string]any)
		if key, err := parseKey(jwk); err == nil && len(keys) < maxKeys {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errKey
	}
	return keys, nil
}
