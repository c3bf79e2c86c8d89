package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// ClientCrash has another process make each kind of call, and kills it by SIGKILL between every two
// of its steps in turn. What the process has written counts, and what it has not written does not,
// whether or not it lived to tell.
func ClientCrash(t *testing.T, db Database) {
	t.Helper()
	var mails mailbox
	heir := db.openService(t, &mails)
	kills := 0

	sent, wrongs := expected{sends: 1, guesses: 1}, expected{sends: 1, guesses: 2}
	sentAgain, spent := expected{sends: 2, guesses: 1}, expected{sends: 1, guesses: 1, spent: true}
	for _, c := range []crash{
		{name: "the first Send", call: "Send", after: expected{sends: 1}},
		{name: "another Send", call: "Send", before: sent, after: sentAgain},
		{name: "a Send whose mail is refused", call: "Send", refuses: true,
			before: sent, after: sentAgain},
		{name: "a right code", call: "Verify", before: sent, after: spent},
		{name: "a wrong code", call: "Verify", wrong: true, before: sent, after: wrongs},
		{name: "a right code to check", call: "Check", before: sent, after: spent},
		{name: "a wrong code to check", call: "Check", wrong: true, before: sent, after: wrongs},
		{name: "Spend", call: "Spend", after: expected{token: true}},
		{name: "Revoke", call: "Revoke", before: sent, after: spent},
		{name: "Unlock", call: "Unlock", before: sent,
			after: expected{sends: 1, guesses: 1, forgotten: 1}},
	} {
		c.db, c.heir, c.mails = db, heir, &mails
		for c.killAt = 1; ; c.killAt++ {
			points, killed, err := c.run(t.Context())
			require.NoError(t, err, "%s, after the steps %q", c.name, points)
			if !killed {
				break
			}
			kills++
		}
	}
	require.Equal(t, 2*steps, kills)
}

// steps are how many steps the calls of ClientCrash have in all: two of a first Send, four of
// another, whose first swap is refused, two of a Verify, one or two of a Check, one of a Spend, and
// four of a Revoke or an Unlock, which look at the records of two more Trusts. Each begins and ends
// at a point where the process is killed.
const steps = 2 + 2*4 + 2*2 + 1 + 2 + 1 + 2*4

// A crash is one call that ends early.
type crash struct {
	db    Database
	heir  *otp.Service // over the same database, afterwards
	mails *mailbox

	name, call    string
	wrong         bool // the code that is submitted
	refuses       bool // the mail
	before, after expected
	killAt        int // the number of the point where the process ends
}

// expected is what the record of an address must hold.
type expected struct {
	sends, guesses int
	spent          bool // the code works no more
	forgotten      int  // of sends, by Unlock
	token          bool // is spent
}

// run makes the call and checks what is left.
func (c *crash) run(ctx context.Context) (points []string, killed bool, err error) {
	j := job{Database: c.db, To: newAddress(), Call: c.call, Refuses: c.refuses}
	if c.before.sends > 0 { // of a code that was guessed at once
		if _, err := c.heir.Send(ctx, otp.Request{To: j.To}); err != nil {
			return nil, false, err
		}
		j.Code = c.mails.code(j.To)
		if err := c.verify(ctx, j.To, wrong(j.Code, 1)); !errors.Is(err, otp.ErrMismatch) {
			return nil, false, err
		}
		if c.wrong {
			j.Code = wrong(j.Code, 0)
		}
	}

	points, killed, err = c.runWorker(ctx, j)
	if err != nil {
		return points, killed, err
	}
	if slices.Contains(points, afterSwap) {
		return points, killed, c.check(ctx, j.To, c.after)
	}
	return points, killed, c.check(ctx, j.To, c.before)
}

// runWorker lets the worker go from point to point, up to killAt.
func (c *crash) runWorker(ctx context.Context, j job) (points []string, killed bool, err error) {
	w, err := hire(ctx, j)
	if err != nil {
		return nil, false, err
	}
	defer w.cmd.Wait()
	defer w.in.Close()

	for {
		point, err := w.hear()
		if err != nil {
			return points, false, err
		}
		if point == "done" {
			return points, false, nil
		}

		points = append(points, point)
		if len(points) == c.killAt {
			return points, true, w.cmd.Process.Kill() // SIGKILL
		}
		if err := w.tell(); err != nil {
			return points, false, err
		}
	}
}

// check checks what is left. What was written counts, whether or not the process lived to tell.
func (c *crash) check(ctx context.Context, to string, want expected) error {
	if c.call == "Spend" {
		err := spend(ctx, c.heir, to)
		if errors.Is(err, otp.ErrRepeated) != want.token || err != nil && !want.token {
			return fmt.Errorf("the token, spent: %v, is spent again: %v", want.token, err)
		}
	}

	status, err := c.heir.Status(ctx, otp.Request{To: to})
	if err != nil {
		return err
	}
	if live := want.sends > 0 && !want.spent; status.Live != live {
		return fmt.Errorf("the code is live: %v, want %v", status.Live, live)
	}
	if status.Live && status.AttemptsLeft != attempts-want.guesses {
		return fmt.Errorf("%d attempts are left after %d guesses",
			status.AttemptsLeft, want.guesses)
	}

	if c.before.sends > 0 { // the heir knows the code
		err := c.verify(ctx, to, c.mails.code(to))
		if accepted := err == nil; accepted == want.spent {
			return fmt.Errorf("the code, spent: %v, is submitted again: %v", want.spent, err)
		}
	}

	// The person asks again as often as the policy allows, and is let in.
	more := 0
	for ; ; more++ {
		_, err := c.heir.Send(ctx, otp.Request{To: to})
		if errors.Is(err, otp.ErrLimited) {
			break
		}
		if err != nil {
			return err
		}
	}
	if before := want.sends - want.forgotten; before+more != sends {
		return fmt.Errorf("%d sends before and %d after, want %d", before, more, sends)
	}
	return c.verify(ctx, to, c.mails.code(to))
}

// spend spends a token that has the name of an address.
func spend(ctx context.Context, s *otp.Service, to string) error {
	return s.Spend(ctx, to, "form", time.Now().Add(time.Hour))
}

func (c *crash) verify(ctx context.Context, to, code string) error {
	return c.heir.Verify(ctx, otp.Submission{To: to, Code: code})
}

// stopBetweenSteps makes the call of the job, and waits before and after each of its steps.
func stopBetweenSteps(j job, store otp.Store) error {
	service, err := newService(stopping{store}, otp.SenderFunc(
		func(context.Context, otp.Message) error {
			await("before mail")
			await("after mail")
			if j.Refuses {
				return otp.ErrNotSent
			}
			return nil
		}))
	if err != nil {
		return err
	}

	ctx := context.Background()
	switch j.Call {
	case "Send":
		_, err = service.Send(ctx, otp.Request{To: j.To})
	case "Verify":
		err = service.Verify(ctx, otp.Submission{To: j.To, Code: j.Code})
	case "Check":
		err = service.Check(ctx, otp.Submission{To: j.To, Code: j.Code})
	case "Spend":
		err = spend(ctx, service, j.To)
	case "Revoke":
		err = service.Revoke(ctx, j.To, "")
	case "Unlock":
		err = service.Unlock(ctx, j.To)
	}
	if err != nil && !errors.Is(err, otp.ErrRejected) && !errors.Is(err, otp.ErrNotSent) {
		return err
	}

	fmt.Println("done")
	return nil
}

// afterSwap is the point from which on a call counts.
const afterSwap = "after swap"

// stopping is a store that waits before and after each call.
type stopping struct{ otp.Store }

func (s stopping) Load(ctx context.Context, key string) ([]byte, error) {
	await("before load")
	value, err := s.Store.Load(ctx, key)
	await("after load")
	return value, err
}

func (s stopping) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	await("before swap")
	swapped, err := s.Store.CompareAndSwap(ctx, key, old, new, expires)
	if swapped {
		await(afterSwap)
	} else {
		await("after a swap that was refused")
	}
	return swapped, err
}
