package evptest_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// A browser gets from the issuer what it asks for, and a token for those who are signed in.
func TestBrowsersAreServed(t *testing.T) {
	issuer := evptest.NewIssuer("mail.example")
	issuer.SignIn("user@mail.example")
	ask := func(method, url, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Signature-Key", `sig=hwk;alg="Ed25519"; kty="OKP";crv="Ed25519";x="AAAA"`)

		response, err := issuer.Client().Do(r)
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(answer)
	}

	for url, want := range map[string]string{
		"https://dns.google/resolve?name=_email-verification.mail.example": `"Status":0`,
		"https://dns.google/resolve?name=_email-verification.else.example": `"Status":3`,
		"https://issuer.example/.well-known/web-identity":                  "/accounts",
		"https://accounts.issuer.example/accounts":                         "user@mail.example",
		"https://accounts.issuer.example" + evptest.MetadataPath:           "/issue",
		"https://accounts.issuer.example" + evptest.KeysPath:               "OKP",
	} {
		status, answer := ask(http.MethodGet, url, "")
		assert.Equal(t, http.StatusOK, status, url)
		assert.Contains(t, answer, want, url)
	}

	const issue = "https://accounts.issuer.example/issue"
	status, answer := ask(http.MethodPost, issue, `{"email":"user@mail.example"}`)
	require.Equal(t, http.StatusOK, status)
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(answer, ".")[1])
	require.NoError(t, err)
	assert.Contains(t, string(claims), `"x":"AAAA"`)
	assert.Contains(t, answer, `~"`)

	status, _ = ask(http.MethodPost, issue, `{"email":"other@mail.example"}`)
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _ = ask(http.MethodPost, issue, "?")
	assert.Equal(t, http.StatusBadRequest, status)
}
