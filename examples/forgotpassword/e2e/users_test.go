package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// find returns the account, or fails with users.ErrUnknown.
func (s *system) find(email string) (users.User, error) {
	s.t.Helper()
	return users.NewDynamo(servers.DynamoDB(s.t), s.accounts).Find(s.t.Context(), email)
}

// An account is added without a password, which nobody can sign in with. One that is there stays as
// it is.
func TestAddUser(t *testing.T) {
	s := newSystem(t)
	email := "grace-" + s.email

	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "usage: users add ADDRESS"},
		{[]string{"remove", email}, "usage: users add ADDRESS"},
		{[]string{"add", "<" + email + ">"}, "users: invalid address: its local part must be"},
		{[]string{"add", s.email}, "there is an account of this address already"},
		{[]string{"add", email}, "The account was added."},
	} {
		_, err := s.find(email)
		require.ErrorIs(t, err, users.ErrUnknown)
		cmd := exec.Command(program(t, "users"), c.args...)
		cmd.Env = s.env
		out, err := cmd.CombinedOutput()
		assert.Equal(t, c.want == "The account was added.", err == nil)
		assert.Contains(t, string(out), c.want)
	}

	added, err := s.find(email)
	require.NoError(t, err)
	for _, password := range []string{"", oldPassword} {
		right, err := added.Matches(t.Context(), password)
		require.NoError(t, err)
		require.False(t, right)
	}
	there, err := s.find(s.email)
	require.NoError(t, err)
	require.Equal(t, tables.hash, there.PasswordHash)
}
