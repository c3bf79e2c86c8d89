package recipes_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// The code that one person has asked for gives the address to no other account, whoever is signed
// in in the same browser by then. It goes on working for that person.
func TestChangeByAFlow(t *testing.T) {
	const added = "new@example.com"
	ada := &recipes.User{ID: "1", Address: "ada@example.com"}
	bob := &recipes.User{ID: "2", Address: "bob@example.com"}
	signedIn, taken := ada, true

	config, inbox := newConfig(t, otp.Config{Kind: otp.ChangeAddress})
	change := &recipes.ChangeFlow{
		Change: recipes.Change{
			Changed: func(context.Context, string) error { return nil },
		},
		SignedIn: func(*http.Request) *recipes.User { return signedIn },
		Taken: func(address string, by *recipes.User) (bool, error) {
			require.Equal(t, added, address)
			require.Same(t, ada, by)
			return taken, nil
		},
	}
	config.Anyone, config.Find, config.Accept = true, change.Find, change.Accept
	p := newPoster(t, config)

	require.Equal(t, "/code", p.post(p.Ask, "email="+added))
	enter := "code=" + inbox.Code(t, added)
	for _, c := range []struct {
		who    *recipes.User
		code   otphttp.ProblemCode
		status int
	}{
		{nil, "not_signed_in", http.StatusUnauthorized},
		{bob, otphttp.TransactionChanged, http.StatusConflict},
		{ada, "address_taken", http.StatusConflict},
	} {
		signedIn = c.who
		require.Empty(t, p.post(p.Enter, enter))
		require.Equal(t, c.code, p.told.Code)
		require.Equal(t, c.status, p.told.Status)
	}
	require.Equal(t, "bob@example.com", bob.Address)

	taken = false
	require.Equal(t, "/account", p.post(p.Enter, enter))
	require.Equal(t, added, ada.Address)
	require.Equal(t, "ada@example.com", ada.Former)

	signedIn = nil
	require.Empty(t, p.post(p.Ask, "email="+added))
	require.Equal(t, otphttp.ProblemCode("not_signed_in"), p.told.Code)
}
