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
	"net/http/httptest"
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
		{"claims: a member twice", StepToken, evt("x", json.RawMessage(`{"a":1,"a":1}`))},
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
		{"holder: RSA with exponent 1", StepToken, heldBy(with(rsaKey(t), "e", "AQ"))},
		{"holder: RSA with an even exponent", StepToken, heldBy(with(rsaKey(t), "e", "AQAA"))},
		{"holder: RSA with a long exponent", StepToken,
			heldBy(with(rsaKey(t), "e", "AQAAAAAAAAEAAQ"))},
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
		{"time beyond numbers", StepToken, kb("iat", json.RawMessage("1e999"))},
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
			evt("x", json.RawMessage(strings.Repeat("[", 16)+strings.Repeat("]", 16)))},

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
			requireInvalid(t, test.step, err)
		})
	}
}

// rsaKey returns a key of 2,048 bits, that of the recording.
func rsaKey(t *testing.T) map[string]any {
	var set struct{ Keys []map[string]any }
	require.NoError(t, json.Unmarshal(readRecording(t).JWKS, &set))
	require.Equal(t, "RSA", set.Keys[2]["kty"])
	return set.Keys[2]
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
			requireInvalid(t, StepToken, err)
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
			requireInvalid(t, StepDNS, err)
			require.Zero(t, s.issuer.Requests())
		})
	}

	t.Run("of the parent domain", func(t *testing.T) {
		s := newScene()
		_, err := s.verify(t, s.browser.Token("user@team.mail.example", visit))
		requireInvalid(t, StepDNS, err)
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
			requireInvalid(t, StepAddress, err)
		})
	}
	require.Zero(t, s.issuer.Requests())
}

// A document that differs from one that is accepted in nothing but what is named.
func TestForgedDocuments(t *testing.T) {
	const metadata, keys, uri = evptest.MetadataPath, evptest.KeysPath, "https://" + evptest.Host
	replace := func(old, new string) func(string) string {
		return func(valid string) string { return strings.Replace(valid, old, new, 1) }
	}
	member := func(member string) func(string) string { return replace("{", "{"+member+",") }
	deep := member(`"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))
	toKeys := func(to string) func(string) string { return replace(uri+keys, to) }

	for _, test := range []struct {
		name string
		step Step
		path string
		edit func(valid string) string
	}{
		{"nothing", StepMetadata, metadata, func(string) string { return "" }},
		{"deep", StepMetadata, metadata, deep},
		{"64 KiB and a byte", StepMetadata, metadata, replace("}", "}"+spaces(65_536))},
		{"10 MB", StepMetadata, metadata, replace("}", "}"+spaces(10<<20))},
		{"a member twice", StepMetadata, metadata, member(`"jwks_uri":"` + uri + keys + `"`)},
		{"a member in capitals", StepMetadata, metadata, replace("jwks_uri", "JWKS_URI")},
		{"keys over http", StepMetadata, metadata, toKeys("http://" + evptest.Host + keys)},
		{"keys in a file", StepMetadata, metadata, toKeys("file://" + evptest.Host + keys)},
		{"keys on a port", StepMetadata, metadata, toKeys(uri + ":8443" + keys)},
		{"keys for a user", StepMetadata, metadata, toKeys("https://u:p@" + evptest.Host + keys)},
		{"keys with a fragment", StepMetadata, metadata, toKeys(uri + keys + "#1")},
		{"keys at an IP address", StepMetadata, metadata, toKeys("https://169.254.169.254" + keys)},
		{"keys at an IPv6 address", StepMetadata, metadata, toKeys("https://[::1]" + keys)},
		{"keys at a number", StepMetadata, metadata, toKeys("https://2130706433" + keys)},
		{"keys at localhost", StepMetadata, metadata, toKeys("https://localhost" + keys)},
		{"keys at no host", StepMetadata, metadata, toKeys(keys)},
		{"keys at a long address", StepMetadata, metadata,
			toKeys(uri + keys + "?" + strings.Repeat("x", 2048))},

		{"no keys", StepKeys, keys, func(string) string { return `{"keys":[]}` }},
		{"no list of keys", StepKeys, keys, func(string) string { return `{"keys":{}}` }},
		{"keys that are none", StepKeys, keys, func(string) string { return `{"keys":[1,null]}` }},
		{"a set in capitals", StepKeys, keys, replace("keys", "KEYS")},
		{"a set that is deep", StepKeys, keys, deep},
		{"a set of 10 MB", StepKeys, keys, replace("{", "{"+spaces(10<<20))},
		{"a member of a key twice", StepKeys, keys, replace(`"kty"`, `"kty":"OKP","kty"`)},
		{"a key for encryption", StepKeys, keys, replace(`"kty"`, `"use":"enc","kty"`)},
		{"a key to sign with", StepKeys, keys, replace(`"kty"`, `"key_ops":["sign"],"kty"`)},
		{"a key of another algorithm", StepKeys, keys, replace(`"kty"`, `"alg":"ES256","kty"`)},
		{"a key of another", StepSignature, keys,
			func(string) string { return otherKeys(t, 1) + "]}" }},
		{"32 keys of others before it", StepSignature, keys,
			replace(`{"keys":[`, otherKeys(t, maxKeys)+",")},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene()
			valid := httptest.NewRecorder()
			s.issuer.ServeHTTP(valid, httptest.NewRequest(http.MethodGet, test.path, nil))
			forged := test.edit(valid.Body.String())
			require.NotEqual(t, valid.Body.String(), forged)

			s.serveTLS(t)
			s.issuer.Handle(test.path, serve(http.StatusOK, "application/json", forged))
			_, err := s.verify(t, s.browser.Token(address, visit))
			requireInvalid(t, test.step, err)
		})
	}
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// otherKeys returns a set of keys of others, without its end.
func otherKeys(t *testing.T, n int) string {
	jwk, err := json.Marshal(evptest.JWK(p256(t).Public()))
	require.NoError(t, err)
	return `{"keys":[` + strings.Repeat(string(jwk)+",", n-1) + string(jwk)
}

// An answer that holds the right document, and is not one that counts.
func TestForgedAnswers(t *testing.T) {
	valid := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = path
			evptest.NewIssuer().ServeHTTP(w, r)
		}
	}
	as := func(status int, mediaType, path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			recorder := httptest.NewRecorder()
			valid(path)(recorder, r)
			serve(status, mediaType, recorder.Body.String())(w, r)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}

	const jsonType, host = "application/json", evptest.Host
	const metadata, keys = evptest.MetadataPath, evptest.KeysPath
	for _, test := range []struct {
		name    string
		step    Step
		path    string
		handler http.HandlerFunc
	}{
		{"not found", StepMetadata, metadata, as(404, jsonType, metadata)},
		{"accepted", StepMetadata, metadata, as(202, jsonType, metadata)},
		{"a page", StepMetadata, metadata, as(200, "text/html", metadata)},
		{"no type", StepMetadata, metadata, as(200, "?", metadata)},
		{"text", StepKeys, keys, as(200, "text/plain", keys)},
		{"elsewhere", StepMetadata, metadata, redirect("https://evil.example/valid")},
		{"over http", StepMetadata, metadata, redirect("http://" + host + "/valid")},
		{"on a port", StepMetadata, metadata, redirect("https://" + host + ":8443/valid")},
		{"in a circle", StepMetadata, metadata, redirect(metadata)},
		{"too often", StepMetadata, metadata, redirect("/1")},
		{"keys elsewhere", StepKeys, keys, redirect("https://evil.example/valid")},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene()
			s.issuer.Handle("/1", redirect("/2"))
			s.issuer.Handle("/2", redirect("/valid"))
			s.issuer.Handle("/valid", valid(test.path))
			s.issuer.Handle(test.path, test.handler)

			_, err := s.verify(t, s.browser.Token(address, visit))
			requireInvalid(t, test.step, err)
		})
	}
}

// A document without an end is left after 64 KiB.
func TestEndlessDocument(t *testing.T) {
	s := newScene()
	s.serveTLS(t)
	s.issuer.Handle(evptest.KeysPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for err := error(nil); err == nil; {
			_, err = w.Write(make([]byte, 4096))
		}
	})

	_, err := s.verify(t, s.browser.Token(address, visit))
	requireInvalid(t, StepKeys, err)
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
			requireInvalid(t, test.step, err)
		})
	}
}
