// Quickstart sends a code to the terminal and takes it back.
//
//	go run ./examples/quickstart
//
// It asks for an address, shows the mail that would have gone there, and asks for the code until one is accepted. An
// empty line asks for the code to be sent again. Input can come from a pipe. The exit status is 0 if a code was
// accepted, 1 if not.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run returns nil once a code was accepted.
func run(ctx context.Context, in io.Reader, out io.Writer) error {
	secret := make([]byte, 32) // a real service reads it from its secret store, the same on every instance
	rand.Read(secret)
	codes, err := otp.New(otp.Config{
		Purpose: "quickstart",
		Secret:  secret,
		Store:   memstore.New(nil),
		Sender:  terminal{out},
	})
	if err != nil {
		return err
	}

	lines := bufio.NewScanner(in)
	ask := func(prompt string) (line string, ok bool) {
		fmt.Fprint(out, prompt)
		if ok = lines.Scan(); !ok {
			fmt.Fprintln(out)
		}
		return lines.Text(), ok
	}
	to, ok := ask("Address: ")
	if !ok || to == "" {
		return errors.Join(errors.New("no address was given"), lines.Err())
	}
	if err := send(ctx, codes, to, out); err != nil {
		return err
	}
	for {
		typed, ok := ask("Code (an empty line sends it again): ")
		switch {
		case !ok:
			return errors.Join(errors.New("the input ended before a code was accepted"), lines.Err())
		case typed == "":
			err = send(ctx, codes, to, out)
		default:
			var accepted bool
			accepted, err = verify(ctx, codes, to, typed, out)
			if accepted {
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

// send asks for a code and says what happened. A refusal is no error: one can ask again later.
func send(ctx context.Context, codes *otp.Service, to string, out io.Writer) error {
	status, err := codes.Send(ctx, otp.Request{To: to})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, otp.ErrLimited):
		fmt.Fprintf(out, "Too soon: nothing was sent. Ask again in %s.\n", wait(status.RetryAt))
		if status.Live {
			fmt.Fprintln(out, "The code you have still works.")
		}
		return nil
	case errors.Is(err, otp.ErrLocked):
		fmt.Fprintf(out, "Too many wrong codes for this address: no new one for %s.\n", wait(status.RetryAt))
		return nil
	}
	return err
}

// verify submits what was typed and says what happened.
func verify(ctx context.Context, codes *otp.Service, to, typed string, out io.Writer) (accepted bool, err error) {
	err = codes.Verify(ctx, otp.Submission{To: to, Code: typed})
	if err == nil {
		fmt.Fprintln(out, "Right. The code was accepted; it will not be accepted again.")
		return true, nil
	}
	rejected, ok := errors.AsType[*otp.RejectedError](err)
	if !ok {
		return false, err // the code could not be judged
	}
	switch left := rejected.Status.AttemptsLeft; {
	case errors.Is(rejected, otp.ErrMalformed):
		fmt.Fprintln(out, "That cannot be a code: it has six digits. No attempt was lost.")
	case errors.Is(rejected, otp.ErrMismatch) && left == 1:
		fmt.Fprintln(out, "Wrong code. One attempt is left.")
	case errors.Is(rejected, otp.ErrMismatch) && left > 1:
		fmt.Fprintf(out, "Wrong code. %d attempts are left.\n", left)
	case errors.Is(rejected, otp.ErrMismatch):
		fmt.Fprintln(out, "Wrong code. That was the last attempt: the code is void, even if you find it now. Ask for another one.")
	case errors.Is(rejected, otp.ErrExhausted):
		fmt.Fprintln(out, "The code is void after too many wrong ones. Ask for another one.")
	case errors.Is(rejected, otp.ErrExpired):
		fmt.Fprintln(out, "The code has expired. Ask for another one.")
	default:
		return false, err
	}
	return false, nil
}

// wait says how long it is until t: in seconds up to two minutes, in minutes from there.
func wait(t time.Time) string {
	left := time.Until(t)
	if left <= 2*time.Minute {
		return fmt.Sprintf("%.0f seconds", math.Ceil(left.Seconds()))
	}
	return fmt.Sprintf("%.0f minutes", math.Ceil(left.Minutes()))
}

// terminal is an otp.Sender that "mails" to the terminal.
type terminal struct{ out io.Writer }

func (t terminal) Send(_ context.Context, m otp.Message) error {
	_, err := fmt.Fprintf(t.out, `
  +------------------------------------------------------------
  | To:      %s
  | Subject: Your code
  |
  | %s
  |
  | It works once, within %s. If you did not ask for it,
  | ignore this mail.
  +------------------------------------------------------------

`, m.To, m.Code.Reveal(), wait(m.ExpiresAt))
	return err
}
