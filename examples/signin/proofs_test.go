package main

import (
	"context"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/internal/browsers"
)

// In a real Chromium that proves addresses, a person types the address, thinks, presses Enter, and
// is signed in without a mail.
func TestProofs(t *testing.T) {
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
	state := func(url.Values) any {
		terminal.mu.Lock()
		defer terminal.mu.Unlock()
		return []int64{asked.Load(), int64(terminal.text.Len())}
	}
	args := append(browsers.ServeProving(t, "acme.example", app, issuer), browsers.Serve(t, state))
	browsers.Run(t, "proofs.mjs", args...)
}
