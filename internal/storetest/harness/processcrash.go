package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/seed-5978b5f1/otp"
)

// ProcessCrash has two processes at a time submit right and wrong codes, each from several
// goroutines, and kills them by SIGKILL in the middle, as often as it is told: each once some tens
// of its submissions are judged. What they were told before must hold afterwards, as in Disturbed.
func ProcessCrash(t *testing.T, db Database, kills int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), farOff)
	defer cancel()
	var c disturbedCrowd
	service := db.openService(t, &c.mails)

	j := job{Database: db, To: newAddress()}
	for i := range 20 * kills {
		g := &game{to: fmt.Sprint(i, j.To)}
		_, err := service.Send(ctx, otp.Request{To: g.to})
		require.NoError(t, err)
		g.code = c.mails.code(g.to)
		c.games = append(c.games, g)
		j.Codes = append(j.Codes, g.code)
	}

	var processes errgroup.Group
	processes.SetLimit(2)
	for range kills {
		processes.Go(func() error { return c.playAndDie(ctx, j) })
	}
	require.NoError(t, processes.Wait())
	c.audit(ctx, t, service)
}

// playAndDie lets a worker play, notes what it was told, and kills it.
func (c *disturbedCrowd) playAndDie(ctx context.Context, j job) error {
	w, err := hire(ctx, j)
	if err != nil {
		return err
	}
	defer w.cmd.Wait()

	if _, err := w.hear(); err != nil { // it has begun
		return err
	}

	judged, enough := 0, 10+rand.IntN(40)
	for w.out.Scan() {
		var i, accepted, compared, refused int
		_, err := fmt.Sscan(w.out.Text(), &i, &accepted, &compared, &refused)
		if err != nil {
			continue // half a line
		}

		told := Tally{Accepted: accepted, Compared: compared, Refused: refused}
		g := c.games[i]
		g.mu.Lock()
		g.tally.add(told)
		g.mu.Unlock()

		if judged += told.judged(); judged >= enough {
			w.cmd.Process.Kill() // SIGKILL; lines that it has printed may still come
		}
	}
	return nil
}

// playUntilKilled submits codes at random, and prints what it was told.
func playUntilKilled(j job, store otp.Store) error {
	service, err := newService(store, &mailbox{})
	if err != nil {
		return err
	}
	fmt.Println("begun")

	var players sync.WaitGroup
	for range 8 {
		players.Go(func() {
			for {
				i := rand.IntN(len(j.Codes))
				code := j.Codes[i]
				if rand.IntN(3) > 0 {
					code = wrong(code, rand.IntN(10_000))
				}

				var t Tally
				t.count(service.Verify(context.Background(),
					otp.Submission{To: fmt.Sprint(i, j.To), Code: code}))
				fmt.Println(i, t.Accepted, t.Compared, t.Refused)
			}
		})
	}
	players.Wait()
	return nil
}
