package harness

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/seed-5978b5f1/otp"
)

// crowdSize is the number of submissions at a time, over two processes.
const crowdSize = 300

// A Tally counts how submissions of one code ended.
type Tally struct {
	Accepted, Compared, Refused int
	Again                       int // made again, since there was no answer in time
	Failed                      int
	Failure                     string // one of the failed
}

func (t *Tally) count(err error) {
	switch {
	case err == nil, errors.Is(err, otp.ErrRepeated): // by a try that was left in doubt
		t.Accepted++
	case errors.Is(err, otp.ErrMismatch):
		t.Compared++
	case errors.Is(err, otp.ErrRejected):
		t.Refused++
	default:
		t.Failed++
		t.Failure = err.Error()
	}
}

func (t *Tally) judged() int { return t.Accepted + t.Compared + t.Refused }

func (t *Tally) add(other Tally) {
	t.Accepted += other.Accepted
	t.Compared += other.Compared
	t.Refused += other.Refused
	t.Again += other.Again
	t.Failed += other.Failed
	t.Failure = cmp.Or(t.Failure, other.Failure)
}

// Crowd has two processes submit a right code 300 times at once, of which one must be accepted, and
// then 300 wrong ones, of which MaxAttempts must be compared. No submission may fail, but on a busy
// machine some get no answer in time and are made again: each of these may have been compared.
func Crowd(t *testing.T, db Database) error {
	t.Helper()
	var mails mailbox
	ctx, service := t.Context(), db.openService(t, &mails)

	for _, c := range []struct {
		name   string
		submit func(right string) string
		want   Tally
	}{
		{"right", func(right string) string { return right },
			Tally{Accepted: 1, Refused: crowdSize - 1}},
		{"wrong", func(right string) string { return wrong(right, 0) },
			Tally{Compared: attempts, Refused: crowdSize - attempts}},
	} {
		to := newAddress()
		if _, err := service.Send(ctx, otp.Request{To: to}); err != nil {
			return err
		}

		got, err := gather(ctx, job{Database: db, To: to, Code: c.submit(mails.code(to))})
		if err != nil {
			return err
		}
		unseen := c.want.Compared - got.Compared
		if unseen > 0 && unseen <= got.Again {
			got.Compared, got.Refused = got.Compared+unseen, got.Refused-unseen
		}
		c.want.Again = got.Again
		if got != c.want {
			return fmt.Errorf("%d %s submissions: %+v, want %+v", crowdSize, c.name, got, c.want)
		}

		err = service.Verify(ctx, otp.Submission{To: to, Code: mails.code(to)})
		if !errors.Is(err, otp.ErrRejected) {
			return fmt.Errorf("the right code after %d %s submissions: %v", crowdSize, c.name, err)
		}
	}
	return nil
}

// gather has two processes do the job at the same time, and adds up what happened.
func gather(ctx context.Context, j job) (Tally, error) {
	const processes = 2
	j.Size = crowdSize / processes

	var crowd [processes]*worker
	for i := range crowd {
		w, err := hire(ctx, j)
		if err != nil {
			return Tally{}, err
		}
		defer w.cmd.Wait()
		defer w.in.Close()

		if _, err := w.hear(); err != nil {
			return Tally{}, err
		}
		crowd[i] = w
	}

	for _, w := range crowd {
		if err := w.tell(); err != nil {
			return Tally{}, err
		}
	}

	var all Tally
	for _, w := range crowd {
		line, err := w.hear()
		if err != nil {
			return Tally{}, err
		}

		var t Tally
		if err := json.Unmarshal([]byte(line), &t); err != nil {
			return Tally{}, err
		}
		all.add(t)
	}
	return all, nil
}

// joinCrowd submits the code as often as the job says, all at once.
func joinCrowd(j job, store otp.Store) error {
	service, err := newService(store, &mailbox{})
	if err != nil {
		return err
	}

	// Once before, so that the crowd meets at the record and not at the first connection.
	ctx := context.Background()
	if _, err := service.Status(ctx, otp.Request{To: j.To}); err != nil {
		return err
	}
	await("ready")

	var t Tally
	var mu sync.Mutex
	var all sync.WaitGroup
	for range j.Size {
		all.Go(func() {
			const tries = 6
			s := otp.Submission{To: j.To, Code: j.Code,
				IdempotencyKey: newKey()} // a repeat of an accepted submission is told apart by it
			err := service.Verify(ctx, s)
			again := 0
			for ; again < tries && errors.Is(err, context.DeadlineExceeded); again++ {
				err = service.Verify(ctx, s)
			}

			mu.Lock()
			defer mu.Unlock()
			t.Again += again
			t.count(err)
		})
	}
	all.Wait()

	text, err := json.Marshal(t)
	fmt.Println(string(text))
	return err
}
