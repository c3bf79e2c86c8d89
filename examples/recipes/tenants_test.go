package recipes

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestTenants(t *testing.T) {
	inboxes := map[string]*otptest.Inbox{"acme": {}, "globex": {}}
	tenants := Tenants{
		Secret: bytes.Repeat([]byte("secret "), 6),
		Store:  memstore.New(nil),
		Sender: func(tenant string) (otp.Sender, error) {
			if inbox := inboxes[tenant]; inbox != nil {
				return inbox, nil
			}
			return nil, errors.New("there is no such tenant")
		},
	}

	_, err := tenants.SignIns("initech")
	require.ErrorContains(t, err, "tenant initech: there is no such tenant")

	acme, err := tenants.SignIns("acme")
	require.NoError(t, err)
	globex, err := tenants.SignIns("globex")
	require.NoError(t, err)
	again, err := tenants.SignIns("acme")
	require.NoError(t, err)
	require.Same(t, acme, again)

	// The same person asks both, and the code of one is none of the other's.
	for _, service := range []*otp.Service{acme, globex} {
		_, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"})
		require.NoError(t, err)
	}
	submission := otp.Submission{
		To: "ada@example.com", Code: inboxes["acme"].Code(t, "ada@example.com"),
	}
	require.ErrorIs(t, globex.Verify(t.Context(), submission), otp.ErrMismatch)
	require.NoError(t, acme.Verify(t.Context(), submission))
}
