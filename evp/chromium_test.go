package evp

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// A recording is what Chromium sent to a site, with what its issuer had published.
type recording struct {
	Origin string
	Email  string
	JWKS   json.RawMessage
	Tokens []struct {
		Alg, Nonce, Token string
		Iat               int64
	}
}

func readRecording(t testing.TB) recording {
	data, err := os.ReadFile("testdata/chromium-156.json")
	require.NoError(t, err)

	var r recording
	require.NoError(t, json.Unmarshal(data, &r))
	require.Len(t, r.Tokens, 3)
	return r
}

// verifier returns a Verifier of the site in the recording.
func (r recording) verifier(t testing.TB) *Verifier {
	issuer := evptest.NewIssuer()
	issuer.SetRecords("evp-mail.dev", "iss=accounts.evp-issuer.dev")
	issuer.Handle(evptest.KeysPath, serve(http.StatusOK, "application/json", string(r.JWKS)))

	v, err := New(Config{
		Origins: []string{r.Origin},
		Lookup:  issuer.LookupTXT,
		Client:  issuer.Client(),
	})
	require.NoError(t, err)
	return v
}

// Real tokens are proofs in their time, and nothing that differs from them in one byte is.
func TestChromium(t *testing.T) {
	recording := readRecording(t)
	for _, token := range recording.Tokens {
		t.Run(token.Alg, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := recording.verifier(t)
				is := func(nonce string) bool { return nonce == token.Nonce }
				sleepUntil(token.Iat - 59)

				proof, err := v.Verify(t.Context(), token.Token, is)
				require.NoError(t, err)
				require.True(t, proof.Is(recording.Email))
				require.Equal(t, "accounts.evp-issuer.dev", proof.Issuer)

				for i := range token.Token {
					changed := token.Token[:i] + after(token.Token[i]) + token.Token[i+1:]
					_, err := v.Verify(t.Context(), changed, is)
					require.ErrorIs(t, err, ErrInvalid, "byte %d", i)
				}

				sleepUntil(token.Iat + 16*60)
				_, err = v.Verify(t.Context(), token.Token, is)
				require.NoError(t, err)

				time.Sleep(time.Second)
				_, err = v.Verify(t.Context(), token.Token, is)
				requireStep(t, StepTime, err)
			})
		})
	}
}

// after returns the next character of base64url. So a change shows in the last bits of a half, too.
func after(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	place := strings.IndexByte(alphabet, c) + 1
	return alphabet[place%64 : place%64+1]
}

func sleepUntil(unix int64) {
	time.Sleep(time.Until(time.Unix(unix, 0)))
}
