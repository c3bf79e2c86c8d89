package evp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

func p256(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// Drafts, Chromium and Google differ in these, and all of them are accepted.
func TestAccepted(t *testing.T) {
	for name, arrange := range map[string]func(s *scene) change{
		"as Chromium":          func(*scene) change { return func(_, _ *evptest.Half) {} },
		"iss as in the drafts": func(*scene) change { return evt("iss", evptest.Host) },
		"no kid":               func(*scene) change { return evtHeader("kid", absent) },
		"a named key": func(s *scene) change {
			s.issuer.SetKeys(evptest.Key{ID: "2026", Signer: p256(t)}, evptest.Key{Signer: p256(t)})
			return evtHeader("kid", "2026")
		},
		"the empty kid": func(s *scene) change {
			s.issuer.SetKeys(evptest.Key{ID: "2026", Signer: p256(t)})
			return evtHeader("kid", "")
		},
		"nested claims": func(*scene) change {
			return evt("x", json.RawMessage(strings.Repeat("[", 15)+strings.Repeat("]", 15)))
		},
		"no kid, the last of many keys": func(s *scene) change {
			keys := make([]evptest.Key, maxKeys)
			for i := range keys {
				keys[i].Signer = p256(t)
			}
			s.issuer.SetKeys(keys...)
			return func(evt, _ *evptest.Half) { evt.Key = keys[maxKeys-1].Signer }
		},
		"the name of RFC 9864":        func(*scene) change { return evtHeader("alg", "Ed25519") },
		"the old name in the browser": func(*scene) change { return kbHeader("alg", "EdDSA") },
		"keys on another host, of an unknown kind, too": func(s *scene) change {
			key := p256(t)
			s.issuer.SetKeys(evptest.Key{Signer: key})
			s.issuer.Handle(evptest.MetadataPath, serve(200, "application/json; charset=utf-8",
				`{"jwks_uri":"https://keys.example/set?v=1"}`))
			set, _ := json.Marshal(map[string]any{"keys": []any{
				"?", map[string]any{"kty": "AKP", "alg": "ML-DSA-65"}, evptest.JWK(key.Public()),
			}})
			s.issuer.Handle("/set", serve(200, "application/jwk-set+json", string(set)))
			return evtHeader("kid", "")
		},
		"redirected within the host": func(s *scene) change {
			s.issuer.Handle(evptest.MetadataPath, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/here", http.StatusFound)
			})
			s.issuer.Handle("/here", serve(200, "application/json",
				`{"jwks_uri":"https://`+evptest.Host+evptest.KeysPath+`"}`))
			return func(_, _ *evptest.Half) {}
		},
		"a port":            func(*scene) change { return kb("aud", origin+":8443") },
		"capitals":          func(*scene) change { return evt("email", "User@Mail.Example") },
		"a private address": func(*scene) change { return evt("is_private_email", true) },
		"keys in the header that nobody reads": func(*scene) change {
			return evtHeader("jwk", evptest.JWK(p256(t).Public()))
		},
		"fifteen minutes ago": func(*scene) change {
			return func(evt, kb *evptest.Half) {
				evt.Claims["iat"] = time.Now().Add(-15*time.Minute - 50*time.Second).Unix()
				kb.Claims["iat"] = time.Now().Add(-15 * time.Minute).Unix()
			}
		},
		"a clock that is ahead": func(*scene) change {
			return kb("iat", float64(time.Now().Add(50*time.Second).Unix())+0.5)
		},
		"exp and nbf": func(*scene) change {
			return func(evt, _ *evptest.Half) {
				evt.Claims["exp"] = time.Now().Add(time.Minute).Unix()
				evt.Claims["nbf"] = time.Now().Unix()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			proof, err := s.verify(t, s.browser.Token(address, visit, arrange(s)))
			require.NoError(t, err)

			assert.True(t, proof.Is(address))
			assert.Equal(t, visit, proof.Nonce)
			assert.Equal(t, evptest.Host, proof.Issuer)
			assert.Equal(t, name == "a private address", proof.Private)
		})
	}
}
