package harness

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// Remembers kills the server of the database after each step in the life of a code, and returns an
// error unless the step counts when the server is back.
func Remembers(t *testing.T, db Database, server *servers.Server) error {
	t.Helper()
	var mails mailbox
	ctx, service := t.Context(), db.openService(t, &mails)
	request := otp.Request{To: newAddress()}
	if _, err := service.Send(ctx, request); err != nil {
		return err
	}
	code := mails.code(request.To)

	afterCrash := func(code string) error {
		err := Kill(server)(ctx)
		if err != nil {
			return err
		}
		return judged(func() error {
			return service.Verify(ctx, otp.Submission{To: request.To, Code: code})
		})
	}
	if err := afterCrash(wrong(code, 0)); !errors.Is(err, otp.ErrMismatch) {
		return fmt.Errorf("after a crash, a wrong guess at a code that was sent: %w", err)
	}
	if err := afterCrash(wrong(code, 1)); !errors.Is(err, otp.ErrMismatch) {
		return fmt.Errorf("after a crash, another wrong guess: %w", err)
	}

	var status otp.Status
	err := judged(func() (err error) {
		status, err = service.Status(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	if status.AttemptsLeft != attempts-2 {
		return fmt.Errorf("after a crash, %d attempts are left of two guesses", status.AttemptsLeft)
	}
	if err := afterCrash(code); err != nil {
		return fmt.Errorf("after a crash, the right code: %w", err)
	}
	if err := afterCrash(code); !errors.Is(err, otp.ErrUsed) {
		return fmt.Errorf("after a crash, a used code: %w", err)
	}
	return nil
}

// judged calls until there is an answer: a client may still hold connections that are broken.
func judged(call func() error) (err error) {
	for range 10 {
		if err = call(); isJudged(err) {
			break
		}
	}
	return err
}

// isJudged reports whether a submission was judged: one of a try that was left in doubt may have
// been accepted by then.
func isJudged(err error) bool {
	return err == nil || errors.Is(err, otp.ErrRepeated) || errors.Is(err, otp.ErrRejected)
}
