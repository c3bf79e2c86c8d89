package evp

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// FuzzToken looks for tokens that differ from a real one and are proofs, and for what breaks. A
// token is given as its JSON, with the signatures of the real one; or, where there are no claims,
// as it is.
func FuzzToken(f *testing.F) {
	recording := readRecording(f)
	for _, token := range recording.Tokens {
		f.Add(token.Token, "", "", "")
		header, claims, kbHeader, kbClaims := decodedParts(f, token.Token)
		f.Add(header, claims, kbHeader, kbClaims)
	}
	signatures := strings.FieldsFunc(recording.Tokens[0].Token, isSeparator)
	v := recording.verifier(f)
	v.window = 1 << 62 // any time

	f.Fuzz(func(t *testing.T, header, claims, kbHeader, kbClaims string) {
		token := header
		if claims != "" {
			e := base64.RawURLEncoding.EncodeToString
			token = e([]byte(header)) + "." + e([]byte(claims)) + "." + signatures[2] + "~" +
				e([]byte(kbHeader)) + "." + e([]byte(kbClaims)) + "." + signatures[5]
		}

		_, err := v.Verify(t.Context(), token, func(string) bool { return true })
		for _, real := range recording.Tokens {
			if token == real.Token {
				require.NoError(t, err)
				return
			}
		}
		require.Error(t, err)
		require.NotContains(t, err.Error(), "evp-mail.dev")
	})
}

func isSeparator(r rune) bool { return r == '.' || r == '~' }

// decodedParts returns the headers and claims of a token as JSON.
func decodedParts(f *testing.F, token string) (header, claims, kbHeader, kbClaims string) {
	parts := strings.FieldsFunc(token, isSeparator)
	for i, part := range parts {
		decoded, err := decodeBase64(part)
		require.NoError(f, err)
		parts[i] = string(decoded)
	}
	return parts[0], parts[1], parts[3], parts[4]
}

// FuzzMetadata looks for metadata that leads to a URL that is not to be fetched.
func FuzzMetadata(f *testing.F) {
	for _, uri := range []string{
		"https://keys.example/set?v=1", "https://127.0.0.1/", "https://a.example:8443/",
		"//a.example", "https://a.example@b.example/", "https:\\\\a.example", "https://[::1]/",
	} {
		data, err := json.Marshal(map[string]string{"jwks_uri": uri})
		require.NoError(f, err)
		f.Add(data)
	}

	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := parseObject(data)
		if err != nil || !isDocumentURL(document.text("jwks_uri")) {
			return
		}
		host, _, _ := strings.Cut(strings.TrimPrefix(document.text("jwks_uri"), "https://"), "/")
		host, _, _ = strings.Cut(host, "?")
		require.True(t, isHost(host), document)
	})
}

// FuzzKeys looks for keys that break something, and for signatures of nobody that they verify.
func FuzzKeys(f *testing.F) {
	recording := readRecording(f)
	f.Add([]byte(recording.JWKS), []byte("signature"))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"},{"kty":"EC"}]}`), []byte{})

	f.Fuzz(func(t *testing.T, data, signature []byte) {
		set, err := parseObject(data)
		if err != nil {
			return
		}
		keys, err := parseKeys(set)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(keys), maxKeys)
		for _, key := range keys {
			require.NotContains(t, key.algorithms, "none")
			key.verify([]byte("message"), signature)
		}
	})
}

// FuzzTXT looks for records that name anything but a host.
func FuzzTXT(f *testing.F) {
	for _, record := range []string{
		"iss=" + evptest.Host, "iss=a.example; x=1", "iss=https://a.example", "iss=127.0.0.1",
		"iss=0x7f.1", "iss=A.example", "iss=a.example.", "iss=a.example\n", "v=spf1 -all",
	} {
		f.Add(record)
	}
	s := newScene()
	f.Fuzz(func(t *testing.T, record string) {
		s.issuer.SetRecords("mail.example", record)
		v, err := New(s.config)
		require.NoError(t, err)

		host, err := v.delegate(t.Context(), "mail.example")
		if err != nil {
			return
		}
		require.Equal(t, record, "iss="+host)
		require.Equal(t, host, strings.ToLower(host))
		require.Regexp(t, `^([a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{0,62}$`, host)
		require.NotRegexp(t, `(^|\.)-|-(\.|$)`, host)
	})
}
