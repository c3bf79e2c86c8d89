package evp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// A secret signs by HMAC, and its public half is itself.
type secret []byte

func (s secret) Public() crypto.PublicKey { return s }

func (s secret) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

func (s secret) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	mac := hmac.New(sha256.New, s)
	mac.Write(message)
	return mac.Sum(nil), nil
}

// all makes several changes.
func all(changes ...change) change {
	return func(evt, kb *evptest.Half) {
		for _, change := range changes {
			change(evt, kb)
		}
	}
}

// signedBy has a half signed by another key.
func signedBy(issuer bool, alg string, key crypto.Signer) change {
	return func(evt, kb *evptest.Half) {
		half := kb
		if issuer {
			half = evt
		}
		half.Header["alg"], half.Key = alg, key
	}
}

// heldBy has the issuer name another key of the browser.
func heldBy(jwk any) change {
	return evt("cnf", map[string]any{"jwk": jwk})
}

func with(jwk map[string]any, name string, value any) map[string]any {
	set(jwk, name, value)
	return jwk
}

// What a token says, signed by those who should sign it or by others.
func TestForgedTokens(t *testing.T) {
	s := newScene()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	s.issuer.SetKeys(evptest.Key{Signer: private})

	key := p256(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	jwk := func() map[string]any { return evptest.JWK(key.Public()) }
	after := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }

	for _, test := range []struct {
		name   string
		step   Step
		change change
	}{
		{"issuer: none", StepSignature, signedBy(true, "none", secret(nil))},
		{"issuer: HS256 with the public key", StepSignature,
			signedBy(true, "HS256", secret(public))},
		{"issuer: HS256, said to be EdDSA", StepSignature,
			signedBy(true, "EdDSA", secret(public))},
		{"issuer: another key", StepSignature, signedBy(true, "ES256", key)},
		{"issuer: another algorithm than the key", StepSignature, evtHeader("alg", "ES256")},
		{"issuer: algorithm in lower case", StepSignature, evtHeader("alg", "eddsa")},
		{"issuer: no algorithm", StepSignature, evtHeader("alg", absent)},
		{"issuer: two algorithms", StepSignature, evtHeader("alg", []string{"EdDSA"})},
		{"issuer: unknown kid", StepSignature, evtHeader("kid", "other")},
		{"issuer: kid is a path", StepSignature, evtHeader("kid", "../../dev/null")},
		{"issuer: kid is a number", StepToken, evtHeader("kid", 1)},
		{"issuer: kid is null", StepToken, evtHeader("kid", nil)},
		{"issuer: embedded key", StepSignature,
			all(signedBy(true, "ES256", key), evtHeader("jwk", jwk()))},
		{"issuer: remote key", StepSignature,
			all(signedBy(true, "ES256", key), evtHeader("jku", "https://attacker.example/keys"))},
		{"issuer: remote certificate", StepSignature,
			all(signedBy(true, "ES256", key), evtHeader("x5u", "https://attacker.example/cert"))},
		{"issuer: embedded certificate", StepSignature,
			all(signedBy(true, "ES256", key), evtHeader("x5c", []string{"MIIB"}))},
		{"issuer: extensions", StepToken, evtHeader("crit", []string{"b64"})},
		{"issuer: no type", StepToken, evtHeader("typ", absent)},
		{"issuer: another type", StepToken, evtHeader("typ", "JWT")},
		{"issuer: the type of the README", StepToken, evtHeader("typ", "evp-sd-jwt")},

		{"browser: none", StepBinding, signedBy(false, "none", secret(nil))},
		{"browser: another key", StepBinding, signedBy(false, "ES256", key)},
		{"browser: another key, of the same kind", StepBinding,
			all(heldBy(jwk()), signedBy(false, "ES256", p256(t)))},
		{"browser: HS256 with the public key", StepBinding,
			all(heldBy(jwk()), signedBy(false, "HS256", secret(jwk()["x"].(string))))},
		{"browser: another algorithm than the key", StepBinding, kbHeader("alg", "RS256")},
		{"browser: embedded key", StepBinding,
			all(signedBy(false, "ES256", key), kbHeader("jwk", jwk()))},
		{"browser: extensions", StepToken, kbHeader("crit", []string{"exp"})},
		{"browser: the type of the issuer", StepToken, kbHeader("typ", "evt+jwt")},

		{"holder: none", StepToken, evt("cnf", absent)},
		{"holder: no key", StepToken, evt("cnf", map[string]any{})},
		{"holder: by name", StepToken, evt("cnf", map[string]any{"kid": "1"})},
		{"holder: by address", StepToken, evt("cnf", map[string]any{"jku": "https://a.example"})},
		{"holder: list", StepToken, evt("cnf", map[string]any{"jwk": []any{jwk()}})},
		{"holder: key twice", StepToken, evt("cnf", json.RawMessage(`{"jwk":{},"jwk":{}}`))},
		{"holder: shared secret", StepToken, heldBy(map[string]any{"kty": "oct", "k": "AAAA"})},
		{"holder: P-384", StepToken, heldBy(evptest.JWK(p384.Public()))},
		{"holder: P-384 said to be P-256", StepToken,
			heldBy(with(evptest.JWK(p384.Public()), "crv", "P-256"))},
		{"holder: secp256k1", StepToken, heldBy(with(jwk(), "crv", "secp256k1"))},
		{"holder: not on the curve", StepToken, heldBy(with(jwk(), "x", jwk()["y"]))},
		{"holder: half a point", StepToken, heldBy(with(jwk(), "y", absent))},
		{"holder: Ed448", StepToken,
			heldBy(map[string]any{"kty": "OKP", "crv": "Ed448", "x": strings.Repeat("A", 76)})},
		{"holder: X25519", StepToken,
			heldBy(map[string]any{"kty": "OKP", "crv": "X25519", "x": strings.Repeat("A", 43)})},
		{"holder: short Ed25519", StepToken,
			heldBy(map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"})},
		{"holder: RSA of 1,024 bits", StepToken, heldBy(evptest.JWK(small.Public()))},
		{"holder: RSA with exponent 1", StepToken,
			heldBy(map[string]any{"kty": "RSA", "n": strings.Repeat("_", 342), "e": "AQ"})},
		{"holder: for encryption", StepToken, heldBy(with(jwk(), "use", "enc"))},
		{"holder: not for verification", StepToken,
			heldBy(with(jwk(), "key_ops", []string{"deriveKey"}))},
		{"holder: of another algorithm", StepToken, heldBy(with(jwk(), "alg", "ES384"))},

		{"hash: of another token", StepBinding, kb("sd_hash", strings.Repeat("A", 43))},
		{"hash: empty", StepToken, kb("sd_hash", "")},
		{"hash: not text", StepToken, kb("sd_hash", 1)},
		{"nonce: of another flow", StepNonce, kb("nonce", "the nonce of another flow")},
		{"nonce: none", StepToken, kb("nonce", absent)},
		{"nonce: empty", StepToken, kb("nonce", "")},
		{"nonce: list", StepToken, kb("nonce", []string{visit})},

		{"audience: another site", StepAudience, kb("aud", "https://attacker.example")},
		{"audience: another port", StepAudience, kb("aud", origin+":9443")},
		{"audience: standard port", StepAudience, kb("aud", origin+":443")},
		{"audience: another scheme", StepAudience, kb("aud", "http://shop.example")},
		{"audience: below", StepAudience, kb("aud", "https://a.shop.example")},
		{"audience: above", StepAudience, kb("aud", "https://shop.example.attacker.example")},
		{"audience: a page", StepAudience, kb("aud", origin+"/")},
		{"audience: capitals", StepAudience, kb("aud", "https://Shop.example")},
		{"audience: host alone", StepAudience, kb("aud", "shop.example")},
		{"audience: list", StepToken, kb("aud", []string{origin})},
		{"audience: none", StepToken, kb("aud", absent)},

		{"issuer too old", StepTime, evt("iat", after(-17*time.Minute))},
		{"browser too old", StepTime, kb("iat", after(-17*time.Minute))},
		{"issuer ahead", StepTime, evt("iat", after(90*time.Second))},
		{"browser ahead", StepTime, kb("iat", after(90*time.Second))},
		{"no time", StepTime, evt("iat", absent)},
		{"no time of the browser", StepTime, kb("iat", absent)},
		{"time as text", StepTime, kb("iat", "1795972388")},
		{"negative time", StepTime, kb("iat", -1)},
		{"time in milliseconds", StepTime, kb("iat", time.Now().UnixMilli())},
		{"time beyond numbers", StepTime, kb("iat", json.RawMessage("1e999"))},
		{"expired", StepTime, evt("exp", after(-2*time.Minute))},
		{"expiry as text", StepTime, evt("exp", "never")},
		{"binding expired", StepTime, kb("exp", after(-2*time.Minute))},
		{"not valid yet", StepTime, evt("nbf", after(2*time.Minute))},

		{"not verified", StepToken, evt("email_verified", false)},
		{"verified is text", StepToken, evt("email_verified", "true")},
		{"verified is 1", StepToken, evt("email_verified", 1)},
		{"verified is absent", StepToken, evt("email_verified", absent)},
		{"private is text", StepToken, evt("is_private_email", "true")},
		{"undisclosed claims", StepToken, evt("_sd", []string{"AAAA"})},
		{"another hash of disclosures", StepToken, evt("_sd_alg", "sha-512")},
		{"deep claims", StepToken,
			evt("x", json.RawMessage(strings.Repeat("[", 17)+strings.Repeat("]", 17)))},

		{"iss: another", StepIssuer, evt("iss", "https://attacker.example")},
		{"iss: path", StepToken, evt("iss", "https://"+evptest.Host+"/tenant")},
		{"iss: slash", StepToken, evt("iss", "https://"+evptest.Host+"/")},
		{"iss: port", StepToken, evt("iss", "https://"+evptest.Host+":443")},
		{"iss: http", StepToken, evt("iss", "http://"+evptest.Host)},
		{"iss: user", StepToken, evt("iss", "https://"+evptest.Host+"@attacker.example")},
		{"iss: twice", StepToken, evt("iss", "https://https://"+evptest.Host)},
		{"iss: capitals", StepToken, evt("iss", "https://ACCOUNTS.issuer.example")},
		{"iss: final dot", StepToken, evt("iss", evptest.Host+".")},
		{"iss: address", StepToken, evt("iss", "https://127.0.0.1")},
		{"iss: localhost", StepToken, evt("iss", "https://localhost")},
		{"iss: list", StepToken, evt("iss", []string{evptest.Host})},
		{"iss: none", StepToken, evt("iss", absent)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.verify(t, s.browser.Token(address, visit, test.change))
			requireStep(t, test.step, err)
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
}

// Nothing but two signed halves is a token.
func TestMalformedTokens(t *testing.T) {
	s := newScene()
	token := s.browser.Token(address, visit)
	first, second, _ := strings.Cut(token, "~")
	header, _, _ := strings.Cut(first, ".")

	for name, malformed := range map[string]string{
		"nothing":               "",
		"not a token":           "x",
		"too long":              token + strings.Repeat("A", 8<<10),
		"the first half":        first,
		"the first half, ended": first + "~",
		"the second half":       "~" + second,
		"swapped":               second + "~" + first,
		"the first half twice":  first + "~" + first,
		"a disclosure":          first + "~WyJzYWx0IiwiYSIsMV0~" + second,
		"an empty disclosure":   first + "~~" + second,
		"another half":          token + "~" + second,
		"an end":                token + "~",
		"four parts":            first + ".AAAA~" + second,
		"two parts":             header + "." + header + "~" + second,
		"padding":               first + "==~" + second,
		"a space":               token + " ",
		"a line break":          token[:50] + "\n" + token[50:],
		"a carriage return":     token[:50] + "\r" + token[50:],
		"the standard alphabet": "+" + token[1:],
		"not JSON":              "AAAA." + first[len(header)+1:] + "~" + second,
		"no object":             "MQ." + first[len(header)+1:] + "~" + second,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.verify(t, malformed)
			requireStep(t, StepToken, err)
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
	require.Zero(t, s.issuer.Requests())
}

// A domain takes part by one record that names a host, and by nothing else.
func TestForgedRecords(t *testing.T) {
	valid := "iss=" + evptest.Host
	for name, records := range map[string][]string{
		"none":           {},
		"two":            {valid, "iss=attacker.example"},
		"the same twice": {valid, valid},
		"one beside":     {valid, "v=spf1 -all"},
		"another":        {"v=spf1 -all"},
		"empty":          {""},
		"no host":        {"iss="},
		"capitals":       {"ISS=" + evptest.Host},
		"host capitals":  {"iss=ACCOUNTS.issuer.example"},
		"quoted":         {`"` + valid + `"`},
		"origin":         {"iss=https://" + evptest.Host},
		"path":           {valid + "/"},
		"port":           {valid + ":443"},
		"more":           {valid + "; x=1"},
		"space":          {"iss= " + evptest.Host},
		"final dot":      {valid + "."},
		"address":        {"iss=127.0.0.1"},
		"IPv6 address":   {"iss=[::1]"},
		"number":         {"iss=2130706433"},
		"localhost":      {"iss=localhost"},
		"IDN":            {"iss=bücher.example"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.issuer.SetRecords("mail.example", records...)
			_, err := s.verify(t, s.browser.Token(address, visit))
			requireStep(t, StepDNS, err)
			require.ErrorIs(t, err, ErrInvalid)
			require.Zero(t, s.issuer.Requests())
		})
	}

	t.Run("of the parent domain", func(t *testing.T) {
		s := newScene()
		_, err := s.verify(t, s.browser.Token("user@team.mail.example", visit))
		requireStep(t, StepDNS, err)
		require.ErrorIs(t, err, ErrInvalid)
	})
}

// Domains have their ASCII form and two labels; what is no address has no domain to ask.
func TestForgedAddresses(t *testing.T) {
	s := newScene()
	for name, forged := range map[string]any{
		"dotless":            "user@mail",
		"local":              "user@localhost",
		"address":            "user@127.0.0.1",
		"literal":            "user@[127.0.0.1]",
		"number":             "user@2130706433",
		"final dot":          "user@mail.example.",
		"empty label":        "user@mail..example",
		"hyphen":             "user@-mail.example",
		"underscore":         "user@_dmarc.mail.example",
		"wildcard":           "user@*.example",
		"port":               "user@mail.example:25",
		"two":                "user@mail.example@attacker.example",
		"list":               "user@mail.example,x@attacker.example",
		"quoted":             `"user@mail.example"@attacker.example`,
		"angle brackets":     "<user@mail.example>",
		"nobody":             "@mail.example",
		"no domain":          "user@",
		"no sign":            "mail.example",
		"empty":              "",
		"long local part":    strings.Repeat("u", 65) + "@mail.example",
		"long label":         "user@" + strings.Repeat("m", 64) + ".example",
		"long domain":        "user@" + strings.Repeat("mail.", 46) + "example",
		"space":              "user @mail.example",
		"line break":         "user\r\nBcc: x@mail.example",
		"zero byte":          "user\x00@mail.example",
		"not text":           1,
		"list of one":        []string{address},
		"IDN, not in ASCII":  "user@bücher.example",
		"Kelvin sign":        "user@mail\u212a.example",
		"long s":             "user@mail.example\u017f",
		"ideographic stop":   "user@mail\u3002example",
		"full-width at sign": "user\uff20mail.example",
		"soft hyphen":        "user@ma\u00adil.example",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.verify(t, s.browser.Token(address, visit, evt("email", forged)))
			requireStep(t, StepAddress, err)
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
	require.Zero(t, s.issuer.Requests())
}

// A document that an issuer, or somebody in its place, serves.
func TestForgedDocuments(t *testing.T) {
	const jsonType, metadata, keys = "application/json", evptest.MetadataPath, evptest.KeysPath
	ten := strings.Repeat(" ", 10<<20)
	deep := `{"keys":[],"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"
	jwks := func(uri string) http.HandlerFunc {
		return serve(200, jsonType, `{"jwks_uri":"`+uri+`"}`)
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}

	for _, test := range []struct {
		name    string
		step    Step
		path    string
		handler http.HandlerFunc
	}{
		{"metadata: none", StepMetadata, metadata, http.NotFound},
		{"metadata: elsewhere", StepMetadata, metadata, redirect("https://evil.example/m")},
		{"metadata: over http", StepMetadata, metadata, redirect("http://" + evptest.Host)},
		{"metadata: another port", StepMetadata, metadata,
			redirect("https://" + evptest.Host + ":8443/")},
		{"metadata: in a circle", StepMetadata, metadata, redirect(metadata)},
		{"metadata: no content", StepMetadata, metadata, serve(204, jsonType, "")},
		{"metadata: a page", StepMetadata, metadata, serve(200, "text/html", "{}")},
		{"metadata: no type", StepMetadata, metadata, serve(200, "?", "{}")},
		{"metadata: 10 MB", StepMetadata, metadata, serve(200, jsonType, ten)},
		{"metadata: not JSON", StepMetadata, metadata, serve(200, jsonType, "{")},
		{"metadata: two objects", StepMetadata, metadata, serve(200, jsonType, "{}{}")},
		{"metadata: a list", StepMetadata, metadata, serve(200, jsonType, "[]")},
		{"metadata: deep", StepMetadata, metadata, serve(200, jsonType, deep)},
		{"metadata: not UTF-8", StepMetadata, metadata, serve(200, jsonType, "{\"\xff\":1}")},
		{"metadata: a member twice", StepMetadata, metadata,
			serve(200, jsonType, `{"jwks_uri":"https://a.example","jwks_uri":"x"}`)},
		{"metadata: another case", StepMetadata, metadata,
			serve(200, jsonType, `{"JWKS_URI":"https://`+evptest.Host+`/keys"}`)},
		{"keys: no address", StepMetadata, metadata, serve(200, jsonType, "{}")},
		{"keys: over http", StepMetadata, metadata, jwks("http://a.example/keys")},
		{"keys: a file", StepMetadata, metadata, jwks("file:///etc/passwd")},
		{"keys: a port", StepMetadata, metadata, jwks("https://a.example:22/keys")},
		{"keys: a user", StepMetadata, metadata, jwks("https://u:p@a.example/keys")},
		{"keys: a fragment", StepMetadata, metadata, jwks("https://a.example/keys#1")},
		{"keys: an IP address", StepMetadata, metadata, jwks("https://169.254.169.254/")},
		{"keys: an IPv6 address", StepMetadata, metadata, jwks("https://[::1]/keys")},
		{"keys: a number", StepMetadata, metadata, jwks("https://2130706433/keys")},
		{"keys: localhost", StepMetadata, metadata, jwks("https://localhost/keys")},
		{"keys: relative", StepMetadata, metadata, jwks("/keys")},
		{"keys: elsewhere", StepKeys, keys, redirect("https://evil.example/k")},
		{"keys: text", StepKeys, keys, serve(200, "text/plain", `{"keys":[]}`)},
		{"keys: none", StepKeys, keys, serve(200, jsonType, `{"keys":[]}`)},
		{"keys: no list", StepKeys, keys, serve(200, jsonType, `{"keys":{}}`)},
		{"keys: not objects", StepKeys, keys, serve(200, jsonType, `{"keys":[1,null,[]]}`)},
		{"keys: deep", StepKeys, keys, serve(200, jsonType, deep)},
		{"keys: 10 MB", StepKeys, keys, serve(200, jsonType, ten)},
		{"keys: without an end", StepKeys, keys, endless},
		{"keys: a member twice", StepKeys, keys,
			serve(200, jsonType, `{"keys":[{"kty":"EC","kty":"OKP"}]}`)},
		{"keys: of another", StepSignature, keys, otherKeys(t, 1)},
		{"keys: of others, before it", StepSignature, keys, otherKeys(t, maxKeys)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene()
			s.serveTLS(t)
			s.issuer.Handle(test.path, test.handler)
			_, err := s.verify(t, s.browser.Token(address, visit))
			requireStep(t, test.step, err)
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
}

// endless writes a document until the other side hangs up.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for err := error(nil); err == nil; {
		_, err = w.Write(make([]byte, 4096))
	}
}

// otherKeys serves some keys of others.
func otherKeys(t *testing.T, n int) http.HandlerFunc {
	jwk := evptest.JWK(p256(t).Public())
	keys := make([]any, n)
	for i := range keys {
		keys[i] = jwk
	}
	set, err := json.Marshal(map[string]any{"keys": keys})
	require.NoError(t, err)
	return serve(200, "application/json", string(set))
}

// Keys that are there, and that are not to be used.
func TestForgedKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	a, b := evptest.Key{ID: "a", Signer: p256(t)}, evptest.Key{ID: "b", Signer: p256(t)}

	for _, test := range []struct {
		name string
		step Step
		kid  string
		keys []evptest.Key
	}{
		{"another curve", StepKeys, "", []evptest.Key{{Signer: p384}}},
		{"RSA of 1,024 bits", StepKeys, "", []evptest.Key{{Signer: small}}},
		{"kid of another key", StepSignature, "b", []evptest.Key{a, b}},
		{"kid of no key", StepSignature, "c", []evptest.Key{a, b}},
		{"kid where none has one", StepSignature, "c", []evptest.Key{{Signer: a.Signer}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene()
			s.issuer.SetKeys(test.keys...)
			_, err := s.verify(t, s.browser.Token(address, visit, evtHeader("kid", test.kid)))
			requireStep(t, test.step, err)
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
}
