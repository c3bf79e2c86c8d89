package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// matches reports whether the account is there with the password.
func (s *system) matches(email, password string) bool {
	s.t.Helper()
	accounts := users.NewDynamo(servers.DynamoDB(s.t), s.accounts)
	user, err := accounts.Find(s.t.Context(), email)
	if err != nil {
		require.ErrorIs(s.t, err, users.ErrUnknown)
		return false
	}

	ok, err := user.Matches(s.t.Context(), password)
	require.NoError(s.t, err)
	return ok
}

// addUser runs "users add" with the text in a pipe.
func (s *system) addUser(input string, args ...string) (printed string, err error) {
	cmd := exec.Command(program(s.t, "users"), args...)
	cmd.Env = s.env
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestAddUser(t *testing.T) {
	s := newSystem(t)
	email := "grace-" + s.email

	printed, err := s.addUser(newPassword+"\r\n", "add", email)
	require.NoError(t, err, printed)
	assert.Equal(t, "The account was added.\n", printed)
	assert.True(t, s.matches(email, newPassword))

	const usage, short = "usage: users add ADDRESS", "must have at least 15 characters"

	for _, x := range []struct {
		input string
		args  []string
		want  string
	}{
		{"", nil, usage},
		{"", []string{"remove", email}, usage},
		{"", []string{"add", "<" + email + ">"}, "users: invalid address: its local part must be"},
		{"short\n", []string{"add", "new-" + s.email}, short},
		{"", []string{"add", "new-" + s.email}, short},
		{oldPassword, []string{"add", email}, "there is an account of this address already"},
	} {
		printed, err := s.addUser(x.input, x.args...)
		assert.Error(t, err, x.args)
		assert.Contains(t, printed, x.want)
	}

	assert.True(t, s.matches(email, newPassword), "an account that is there stays as it is")
	assert.False(t, s.matches("new-"+s.email, ""))
}
