package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// In a real Chromium that proves addresses, a person types the address, thinks, presses Enter, and
// is signed in without a mail.
func TestProofs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if _, err := os.Stat("../../internal/browsers/node_modules/installed.json"); err != nil {
		servers.Missing(t, err)
	}

	issuer := evptest.NewIssuer("mail.example")
	issuer.SignIn("ada@mail.example")
	var asked atomic.Int64
	proofs, err := evp.New(evp.Config{
		Origins: []string{"https://acme.example"}, Client: issuer.Client(),
		Lookup: func(ctx context.Context, name string) ([]string, error) {
			asked.Add(1)
			return issuer.LookupTXT(ctx, name)
		},
	})
	require.NoError(t, err)
	terminal := new(screen)
	app := newApp(filepath.Join(t.TempDir(), "signin.db"), terminal, proofs)
	server := httptest.NewTLSServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/test": // what the script asks
				fmt.Fprint(w, asked.Load(), " ", terminal.size())
			case r.Host == "acme.example":
				app.ServeHTTP(w, r)
			default:
				issuer.ServeHTTP(w, r)
			}
		}))
	t.Cleanup(server.Close)

	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	out, err := exec.CommandContext(t.Context(), "node", "proofs.mjs",
		"https://acme.example/sign-in/", server.Listener.Addr().String(),
		base64.StdEncoding.EncodeToString(key[:])).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func (s *screen) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Len()
}
