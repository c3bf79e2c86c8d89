package recipes_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The code that one person has asked for gives the address to no other account, whoever is signed
// in in the same browser by then. It goes on working for that person.
func TestChangeByAFlow(t *testing.T) {
	const added = "new@example.com"
	ada := &recipes.User{ID: "1", Address: "ada@example.com"}
	bob := &recipes.User{ID: "2", Address: "bob@example.com"}
	signedIn, taken, told := ada, true, otphttp.ProblemCode("")
	status := 0

	codes, inbox := otptest.New(t, otp.Config{Kind: otp.ChangeAddress})
	change := &recipes.ChangeFlow{
		Change: recipes.Change{
			Codes: codes, Changed: func(context.Context, string) error { return nil },
		},
		SignedIn: func(*http.Request) *recipes.User { return signedIn },
		Taken: func(address string, by *recipes.User) (bool, error) {
			require.Equal(t, added, address)
			require.Same(t, ada, by)
			return taken, nil
		},
	}
	flow, err := otphttp.New(otphttp.Config{
		Codes: codes, Keys: otp.Keys{make([]byte, 32)}, Anyone: true,
		Find: change.Find, Accept: change.Accept,
	})
	require.NoError(t, err)
	tell := func(_ http.ResponseWriter, _ *http.Request, p *otphttp.Problem) {
		told, status = p.Code, p.Status
	}
	forms, post := &recipes.Forms{Flow: flow, Tell: tell}, newPoster()

	require.Equal(t, "/code", post(forms.Ask, "email="+added))
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
		require.Empty(t, post(forms.Enter, enter))
		require.Equal(t, c.code, told)
		require.Equal(t, c.status, status)
	}
	require.Equal(t, "bob@example.com", bob.Address)

	taken = false
	require.Equal(t, "/account", post(forms.Enter, enter))
	require.Equal(t, added, ada.Address)
	require.Equal(t, "ada@example.com", ada.Former)

	signedIn = nil
	require.Empty(t, post(forms.Ask, "email="+added))
	require.Equal(t, otphttp.ProblemCode("not_signed_in"), told)
}
