package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// A Disturbance is what happens to a database while a crowd uses it.
type Disturbance struct {
	// Do makes it happen once.
	Do func(context.Context) error
	// Rounds is how often it happens, at least, and Between is how many submissions are judged
	// before each time and after the last. Counts say when enough has happened, and no clock: a
	// busy machine only takes longer.
	Rounds, Between int
	// Hidden says that clients may hide all failures, as those do that repeat calls. Otherwise the
	// disturbance goes on until a call has failed.
	Hidden bool
}

// farOff ends what does not get on.
const farOff = 5 * time.Minute

// Disturbed has a crowd ask for codes and submit right and wrong ones, over two handles on the
// database, while it is disturbed. Afterwards, over the calm database, no code may have been
// accepted twice, none after its attempts were spent, none compared with more wrong ones than
// MaxAttempts, and no right one called wrong, by what the callers were told.
func Disturbed(t *testing.T, db, calm Database, d Disturbance) {
	t.Helper()
	c := disturbedCrowd{judged: make(chan struct{})}
	for i := range c.services {
		hasty := &hasty{Store: db.Open(t), failures: &c.failures}
		service, err := newService(hasty, &c.mails)
		require.NoError(t, err)
		c.services[i] = service
	}
	auditor := calm.openService(t, &c.mails)

	ctx, cancel := context.WithTimeout(t.Context(), farOff)
	defer cancel()
	playing, end := context.WithCancel(ctx)
	var crowd sync.WaitGroup
	for range 8 {
		crowd.Go(func() {
			for playing.Err() == nil {
				c.play(ctx)
			}
		})
	}
	err := c.disturb(ctx, d)
	end()
	crowd.Wait()
	require.NoError(t, err)
	c.audit(ctx, t, auditor)
}

type disturbedCrowd struct {
	services [2]*otp.Service
	mails    mailbox
	failures atomic.Int64
	judged   chan struct{} // takes one for each submission while somebody counts

	mu    sync.Mutex
	games []*game
}

// disturb disturbs the crowd until that was enough.
func (c *disturbedCrowd) disturb(ctx context.Context, d Disturbance) error {
	for round := 0; round < d.Rounds || !d.Hidden && c.failures.Load() == 0; round++ {
		if err := c.await(ctx, d.Between); err != nil {
			return err
		}
		if err := d.Do(ctx); err != nil {
			return err
		}
	}
	return c.await(ctx, d.Between)
}

// await returns once so many more submissions are judged.
func (c *disturbedCrowd) await(ctx context.Context, n int) error {
	for i := range n {
		select {
		case <-c.judged:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d submissions are judged: %w", i, n, ctx.Err())
		}
	}
	return nil
}

// audit tells how much has happened, and audits all games, some at a time.
func (c *disturbedCrowd) audit(ctx context.Context, t *testing.T, service *otp.Service) {
	t.Helper()
	judged := 0
	for _, g := range c.games {
		judged += g.tally.judged()
	}
	t.Logf("%d codes, %d submissions judged, %d calls failed", len(c.games), judged,
		c.failures.Load())

	var auditors errgroup.Group
	auditors.SetLimit(8)
	for _, g := range c.games {
		auditors.Go(func() error { return g.audit(ctx, service) })
	}
	require.NoError(t, auditors.Wait())
}

// A game is one code, and what became of its submissions.
type game struct {
	to, code string

	mu        sync.Mutex
	tally     Tally
	misjudged int // times that the right code was called wrong
}

// play has a code sent, and two players submit: two wrong ones and the right one each, or six wrong
// ones. Who gets no answer tries again.
func (c *disturbedCrowd) play(ctx context.Context) {
	g := &game{to: newAddress()}
	for {
		_, err := c.services[rand.IntN(2)].Send(ctx, otp.Request{To: g.to})
		if err == nil {
			break
		}
		if errors.Is(err, otp.ErrLimited) || ctx.Err() != nil {
			return // all sends were counted, and nobody knows of a code
		}
	}
	g.code = c.mails.code(g.to)

	c.mu.Lock()
	c.games = append(c.games, g)
	c.mu.Unlock()

	submissions := []string{wrong(g.code, 0), wrong(g.code, 1), g.code}
	if rand.IntN(2) == 0 {
		submissions = nil
		for n := range attempts + 1 {
			submissions = append(submissions, wrong(g.code, n))
		}
	}

	var players sync.WaitGroup
	for _, service := range c.services {
		players.Go(func() {
			for _, code := range submissions {
				for !isJudged(g.submit(ctx, service, code)) && ctx.Err() == nil {
				}
				select {
				case c.judged <- struct{}{}:
				default:
				}
			}
		})
	}
	players.Wait()
}

// submit submits a code and counts how that ended.
func (g *game) submit(ctx context.Context, service *otp.Service, code string) error {
	err := service.Verify(ctx, otp.Submission{To: g.to, Code: code})
	g.mu.Lock()
	defer g.mu.Unlock()

	if code == g.code && errors.Is(err, otp.ErrMismatch) {
		g.misjudged++
	}
	g.tally.count(err)
	return err
}

// audit spends what attempts are left, and then submits the right code.
func (g *game) audit(ctx context.Context, service *otp.Service) error {
	told := g.tally
	var codes []string
	for n := range attempts + 1 {
		codes = append(codes, wrong(g.code, 100+n))
	}
	for _, code := range append(codes, g.code) {
		err := judged(func() error { return g.submit(ctx, service, code) })
		if !isJudged(err) {
			return fmt.Errorf("audit: %w", err)
		}
	}

	if g.misjudged > 0 {
		return fmt.Errorf("the right code was called wrong %d times", g.misjudged)
	}
	if g.tally.Compared > attempts {
		return fmt.Errorf("a code was compared with %d wrong ones, %d before the audit",
			g.tally.Compared, told.Compared)
	}
	if g.tally.Accepted > 1 || g.tally.Accepted > told.Accepted {
		return fmt.Errorf("a code was accepted %d times, and %d times by the audit, when no "+
			"attempt was left", told.Accepted, g.tally.Accepted-told.Accepted)
	}
	return nil
}

// hasty gives up a call of a store after a second, and counts the calls that have failed.
type hasty struct {
	otp.Store
	failures *atomic.Int64
}

const patience = time.Second

func (h *hasty) end(err error) {
	if err != nil {
		h.failures.Add(1)
		<-time.After(10 * time.Millisecond) // to let the server get up
	}
}

func (h *hasty) Load(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	value, err := h.Store.Load(ctx, key)
	h.end(err)
	return value, err
}

func (h *hasty) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	swapped, err := h.Store.CompareAndSwap(ctx, key, old, new, expires)
	h.end(err)
	return swapped, err
}

// Kill returns what kills a server by SIGKILL and starts it again.
func Kill(server *servers.Server) func(context.Context) error {
	return func(context.Context) error {
		server.Kill()
		return server.Restart()
	}
}
