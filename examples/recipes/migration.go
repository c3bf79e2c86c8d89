package recipes

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// KeepSender makes a Sender of the function that sends mails today.
func KeepSender(sendMail func(to, subject, body string) error) otp.Sender {
	return otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		minutes := time.Until(m.ExpiresAt).Round(time.Minute).Minutes()
		body := fmt.Sprintf("Your code is\n\n%s\n\nIt expires in %.0f minutes.",
			m.Code.Reveal(), minutes)
		return sendMail(m.To, "Your code", body)
	})
}

// VerifyBoth takes new codes, and for one lifetime the old ones of the column users.otp. The
// statement that compares an old code spends it, or it could be used twice.
func VerifyBoth(ctx context.Context, resets *otp.Service, db *sql.DB, email, code string) error {
	err := resets.Verify(ctx, otp.Submission{To: email, Code: code})
	if !errors.Is(err, otp.ErrNoCode) {
		return err
	}

	done, dbErr := db.ExecContext(ctx, `UPDATE users SET otp = NULL
		WHERE email = $1 AND otp = $2 AND otp_expires > CURRENT_TIMESTAMP`, email, code)
	if dbErr != nil {
		return dbErr
	}

	n, dbErr := done.RowsAffected()
	if dbErr != nil {
		return dbErr
	}
	if n == 0 {
		return err
	}
	return nil
}
