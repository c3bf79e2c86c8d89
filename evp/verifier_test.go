package evp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	for _, ok := range []string{
		"https://example.com", "https://shop.example.com:8443", "https://xn--bcher-kva.example",
		"https://intranet", "https://localhost", "http://localhost", "http://localhost:8080",
		"http://127.0.0.1:8080", "http://[::1]:8080",
	} {
		_, err := New(Config{Origins: []string{ok}})
		assert.NoError(t, err, ok)
	}
	for _, bad := range []string{
		"", "*", "null", "example.com", "https://", "https://example.com/", "https://Example.com",
		"https://example.com:443", "https://example.com:", "https://example.com:08443",
		"https://example.com:0", "https://example.com:99999", "https://user@example.com",
		"https://example.com?x", "https://example.com#x", "http://example.com",
		"https://bücher.example", "https://*.example.com", "https://example.com.",
		"http://localhost:80", "ftp://localhost", "HTTPS://example.com", "https://exa mple.com",
	} {
		_, err := New(Config{Origins: []string{"https://example.com", bad}})
		assert.ErrorContains(t, err, "Config.Origins", bad)
	}

	origins := []string{"https://example.com"}
	for name, c := range map[string]Config{
		"Origins": {},
		"Timeout": {Origins: origins, Timeout: -1},
		"Window":  {Origins: origins, Window: 25 * time.Hour},
	} {
		_, err := New(c)
		assert.ErrorContains(t, err, "Config."+name)
	}
	_, err := New(Config{Origins: origins, Timeout: time.Minute})
	assert.ErrorContains(t, err, "Config.Timeout")
}

// The origins of a Verifier stay, whatever becomes of the slice.
func TestOriginsAreCopied(t *testing.T) {
	s := newScene()
	v, err := New(s.config)
	require.NoError(t, err)

	s.config.Origins[0] = "https://attacker.example"
	_, err = v.Verify(t.Context(), s.browser.Token(address, visit), isVisit)
	require.NoError(t, err)
}

// A–Z are folded, and nothing else.
func TestProofIs(t *testing.T) {
	s := newScene()
	proof, err := s.verify(t, s.browser.Token("Kim.Smith+tagAZ@mail.example", visit))
	require.NoError(t, err)

	assert.True(t, proof.Is("Kim.Smith+tagAZ@mail.example"))
	assert.True(t, proof.Is("KIM.SMITH+TAGaz@MAIL.EXAMPLE"))
	for _, other := range []string{
		"", "kim.smith@mail.example", "kimsmith+tagaz@mail.example",
		" kim.smith+tagaz@mail.example",
		"kim.smith+tagaz@mail.example.", "\u212aim.smith+tagaz@mail.example",
		"kım.smith+tagaz@mail.example", "kim.\u017fmith+tagaz@mail.example",
		"kim.smith+tagaz@mail.example\x00", "кim.smith+tagaz@mail.example",
		"kim.smith+tagaz@xn--mail.example", "kim.smith+tagaz@máil.example",
		"ｋim.smith+tagaz@mail.example",
	} {
		assert.False(t, proof.Is(other), other)
	}
	assert.False(t, Proof{}.Is(""))
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", proof, proof, proof), "mith")

	data, err := json.Marshal(proof)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "mith")
}

// The local part of an owner's look-alike stays what it is.
func TestProofOfLookAlike(t *testing.T) {
	s := newScene()
	for _, lookAlike := range []string{"\u212aim@mail.example", "adm\u0131n@mail.example"} {
		proof, err := s.verify(t, s.browser.Token(lookAlike, visit))
		require.NoError(t, err)

		assert.True(t, proof.Is(lookAlike))
		assert.False(t, proof.Is("kim@mail.example"))
		assert.False(t, proof.Is("admin@mail.example"))
	}
}

// A nonce is asked for before anything is looked up. Without a function to ask, there is no proof.
func TestNonceComesFirst(t *testing.T) {
	s := newScene()
	s.config.Lookup = func(context.Context, string) ([]string, error) {
		t.Error("looked up")
		return nil, nil
	}
	v, err := New(s.config)
	require.NoError(t, err)

	token := s.browser.Token(address, visit)
	_, err = v.Verify(t.Context(), token, func(string) bool { return false })
	requireStep(t, StepNonce, err)
	_, err = v.Verify(t.Context(), token, nil)
	requireStep(t, StepNonce, err)
}

// Only trusted issuers are looked up, where some are named.
func TestTrustedIssuers(t *testing.T) {
	s := newScene()
	s.config.Issuers = func(domain, issuer string) bool {
		assert.Equal(t, "mail.example", domain)
		return issuer == "other.example"
	}
	_, err := s.verify(t, s.browser.Token("user@MAIL.example", visit))
	requireStep(t, StepTrust, err)
	require.Zero(t, s.issuer.Requests())
}

// A domain that is not there is invalid; DNS that fails tells nothing.
func TestDNSFailures(t *testing.T) {
	s := newScene()
	for _, test := range []struct{ err, want error }{
		{&net.DNSError{Err: "no such host", Name: "mail.example", IsNotFound: true}, ErrInvalid},
		{&net.DNSError{Err: "server misbehaving", Name: "mail.example"}, ErrUnavailable},
		{&net.DNSError{Err: "i/o timeout", Name: "mail.example", IsTimeout: true}, ErrUnavailable},
		{errors.New("mail.example is broken"), ErrUnavailable},
		{context.Canceled, ErrUnavailable},
	} {
		s.config.Lookup = func(_ context.Context, name string) ([]string, error) {
			require.Equal(t, "_email-verification.mail.example.", name)
			return nil, test.err
		}
		_, err := s.verify(t, s.browser.Token(address, visit))
		requireStep(t, StepDNS, err)
		require.ErrorIs(t, err, test.want)
		require.ErrorIs(t, err, test.err)
	}
}
