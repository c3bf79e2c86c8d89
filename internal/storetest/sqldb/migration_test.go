package sqldb

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The recipe of docs/migration.md takes old codes and new ones, each once.
func TestVerifyBoth(t *testing.T) {
	db := openDB(t, "SQLite", sqliteFile(t))
	_, err := db.Exec(`CREATE TABLE users (email TEXT, otp TEXT, otp_expires TIMESTAMP);
		INSERT INTO users VALUES ('ada@example.com', '111111', datetime('now', '+1 hour'));
		INSERT INTO users VALUES ('alan@example.com', '222222', datetime('now', '-1 hour'))`)
	require.NoError(t, err)

	var body string
	sender := recipes.KeepSender(func(_, _, sent string) error {
		body = sent
		return nil
	})
	resets, inbox := otptest.New(t, otp.Config{Sender: sender})
	_, err = resets.Send(t.Context(), otp.Request{To: "grace@example.com"})
	require.NoError(t, err)
	code := inbox.Code(t, "grace@example.com")
	require.Contains(t, body, code+"\n\nIt expires in 10 minutes.")

	tests := []struct {
		name, email, code string
		want              error
	}{
		{"an old code", "ada@example.com", "111111", nil},
		{"the same again", "ada@example.com", "111111", otp.ErrNoCode},
		{"an expired one", "alan@example.com", "222222", otp.ErrNoCode},
		{"a new code", "grace@example.com", code, nil},
		{"the same again", "grace@example.com", code, otp.ErrUsed},
	}
	for _, test := range tests {
		err := recipes.VerifyBoth(t.Context(), resets, db, test.email, test.code)
		require.ErrorIs(t, err, test.want, "%s: %s", test.email, test.name)
	}
}
