package evptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"time"
)

// A Browser fills tokens into forms of one site, for a person who is signed in at the issuer under
// every address.
type Browser struct {
	issuer *Issuer
	origin string
	key    crypto.Signer
}

// NewBrowser returns a browser that shows a page of the origin, "https://example.com".
func NewBrowser(issuer *Issuer, origin string) *Browser {
	_, key, err := ed25519.GenerateKey(nil)
	must(err)
	return &Browser{issuer, origin, key}
}

// A Half is one of the two signed halves of a token.
type Half struct {
	Header, Claims map[string]any
	Key            crypto.Signer
}

// Token returns a token of now for an address and a nonce, as the browser sends it in the form.
// Changes are made before it is signed: to evt, the half of the issuer, and to kb, that of the
// browser. So a test gets a stale one, say.
func (b *Browser) Token(email, nonce string, changes ...func(evt, kb *Half)) string {
	evt := b.issuer.statement(email, JWK(b.key.Public()))
	kb := &Half{
		Header: map[string]any{"alg": "Ed25519", "typ": "kb+jwt"}, // RFC 9864, unlike the issuer
		Claims: map[string]any{"aud": b.origin, "iat": time.Now().Unix(), "nonce": nonce},
		Key:    b.key,
	}
	for _, change := range changes {
		change(evt, kb)
	}

	statement := evt.sign() + "~"
	if _, changed := kb.Claims["sd_hash"]; !changed {
		sum := sha256.Sum256([]byte(statement))
		kb.Claims["sd_hash"] = encode(sum[:])
	}
	return statement + kb.sign()
}

// sign returns the half as a JWS in compact form (RFC 7515).
func (h *Half) sign() string {
	signed := encodeJSON(h.Header) + "." + encodeJSON(h.Claims)

	var signature []byte
	var err error
	switch key := h.Key.(type) {
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(signed))
	case *ecdsa.PrivateKey:
		digest := sha256.Sum256([]byte(signed))
		r, s, failure := ecdsa.Sign(rand.Reader, key, digest[:])
		size := (key.Params().BitSize + 7) / 8
		err = failure
		signature = slices.Concat(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size)))
	default:
		signature, err = crypto.SignMessage(key, rand.Reader, []byte(signed), crypto.SHA256)
	}
	must(err)
	return signed + "." + encode(signature)
}

// algorithm returns the name that issuers use for the algorithm of a key.
func algorithm(key crypto.Signer) string {
	switch key.Public().(type) {
	case ed25519.PublicKey:
		return "EdDSA"
	case *ecdsa.PublicKey:
		return "ES256"
	default:
		return "RS256"
	}
}

// JWK returns a public key as a JSON Web Key (RFC 7517): Ed25519, ECDSA or RSA.
func JWK(key crypto.PublicKey) map[string]any {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode(key)}
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y (SEC 1 §2.3.3)
		must(err)
		half := (len(point) + 1) / 2
		return map[string]any{"kty": "EC", "crv": key.Params().Name,
			"x": encode(point[1:half]), "y": encode(point[half:])}
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": encode(key.N.Bytes()),
			"e": encode(big.NewInt(int64(key.E)).Bytes())}
	default:
		panic("evptest: JWK: not a key of Ed25519, ECDSA or RSA")
	}
}

func encodeJSON(v any) string {
	data, err := json.Marshal(v)
	must(err)
	return encode(data)
}

func encode(data []byte) string {
	return base64.RawURLEncoding.EncodeToString(data)
}
