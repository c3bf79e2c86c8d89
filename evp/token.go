package evp

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"
)

// Bounds of a token.
const (
	maxToken = 8 << 10     // bytes; a real one has 700 to 2,400
	skew     = time.Minute // by which clocks may differ
)

// A presentation is a token: the statement of the issuer (EVT) and, signed by the browser with the
// key that the statement names, for whom it is (KB-JWT). In between may stand disclosures of
// SD-JWT (RFC 9901). The protocol has none, so there are none.
type presentation struct {
	evt, kb jws
	hash    string // of the EVT, as sd_hash gives it

	holder          publicKey
	issuer          string // host name
	address         string
	domain          string // of the address, in lower case
	nonce, audience string
	private         bool
}

// parseToken reads a token. It judges forms and types, and no value that depends on the time or on
// others.
func parseToken(token string) (presentation, error) {
	if token == "" || len(token) > maxToken {
		return presentation{}, invalid(StepToken, "empty, or longer than 8 KiB")
	}
	first, second, _ := strings.Cut(token, "~")

	var p presentation
	var err error
	if p.evt, err = parseJWS(first, "evt+jwt"); err != nil {
		return presentation{}, err
	}
	if p.kb, err = parseJWS(second, "kb+jwt"); err != nil {
		return presentation{}, err
	}
	sum := sha256.Sum256([]byte(first + "~"))
	p.hash = base64.RawURLEncoding.EncodeToString(sum[:])

	if err := p.readBinding(); err != nil {
		return presentation{}, err
	}
	if err := p.readStatement(); err != nil {
		return presentation{}, err
	}
	return p, nil
}

// readBinding reads the claims of the KB-JWT.
func (p *presentation) readBinding() error {
	p.nonce, p.audience = p.kb.claims.text("nonce"), p.kb.claims.text("aud")
	if p.nonce == "" || p.audience == "" || p.kb.claims.text("sd_hash") == "" {
		return invalid(StepToken, "nonce, aud or sd_hash is missing or not a string")
	}
	return nil
}

// readStatement reads the claims of the EVT.
func (p *presentation) readStatement() error {
	claims := p.evt.claims
	if claims["email_verified"] != true {
		return invalid(StepToken, "email_verified is not true")
	}
	if claims.has("_sd") || claims.has("_sd_alg") && claims.text("_sd_alg") != "sha-256" {
		return invalid(StepToken, "claims are not disclosed")
	}

	var ok bool
	if p.private, ok = claims["is_private_email"].(bool); !ok && claims.has("is_private_email") {
		return invalid(StepToken, "is_private_email is not true or false")
	}
	if p.issuer, ok = parseIssuer(claims.text("iss")); !ok {
		return invalid(StepToken, "iss is neither a host name nor its origin")
	}

	var err error
	if p.holder, err = parseKey(claims.object("cnf").object("jwk")); err != nil {
		return invalid(StepToken, "cnf holds no key that can be used")
	}
	p.address = claims.text("email")
	if p.domain, ok = parseAddress(p.address); !ok {
		return invalid(StepAddress, "not an address with an ASCII domain of two labels or more")
	}
	return nil
}

// parseIssuer returns the host of an iss claim: a host name as in the drafts, or its origin as
// Chromium demands.
func parseIssuer(iss string) (host string, ok bool) {
	host = strings.TrimPrefix(iss, "https://")
	return host, isHost(host)
}

// A jws is a signed half of a token (RFC 7515, compact).
type jws struct {
	header, claims object
	signed         string // what the signature is of
	signature      []byte
}

// parseJWS reads a signed half of the given type.
func parseJWS(s, typ string) (jws, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return jws{}, invalid(StepToken, "not two signed parts")
	}

	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = decodeBase64(part); err != nil {
			return jws{}, invalid(StepToken, "not base64url")
		}
	}

	header, err := parseObject(decoded[0])
	if err != nil {
		return jws{}, invalid(StepToken, "a header is not one strict JSON object")
	}
	claims, err := parseObject(decoded[1])
	if err != nil {
		return jws{}, invalid(StepToken, "claims are not one strict JSON object")
	}

	t := jws{header, claims, parts[0] + "." + parts[1], decoded[2]}
	return t, t.checkHeader(typ)
}

// checkHeader judges what the header says besides the algorithm, which the key decides. Keys in the
// header (jwk, jku, x5c, x5u) are never used.
func (t jws) checkHeader(typ string) error {
	if t.header.text("typ") != typ {
		return invalid(StepToken, "a part has another type")
	}
	if t.header.has("crit") {
		return invalid(StepToken, "a header has extensions")
	}
	if _, ok := t.header["kid"].(string); !ok && t.header.has("kid") {
		return invalid(StepToken, "kid is not a string")
	}
	return nil
}

// checkTime judges when it was issued: at most a window ago, and not in the future. exp and nbf,
// which the protocol does not have, count where they are.
func (t jws) checkTime(now time.Time, window time.Duration) error {
	issued, ok := t.time("iat")
	if !ok {
		return invalid(StepTime, "iat is not a time")
	}
	if now.Sub(issued) > window+skew {
		return invalid(StepTime, "issued too long ago")
	}
	if issued.Sub(now) > skew {
		return invalid(StepTime, "issued in the future")
	}

	if expires, ok := t.time("exp"); t.claims.has("exp") && (!ok || now.Sub(expires) > skew) {
		return invalid(StepTime, "expired")
	}
	if begins, ok := t.time("nbf"); t.claims.has("nbf") && (!ok || begins.Sub(now) > skew) {
		return invalid(StepTime, "not valid yet")
	}
	return nil
}

// time returns a NumericDate (RFC 7519 §2), without its fraction.
func (t jws) time(name string) (time.Time, bool) {
	seconds, ok := t.claims[name].(float64)
	if !ok || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}
