package sqldb

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// What the values of one code take, in bytes: after Send, and after Verify.
const (
	sentSize  = 101
	spentSize = 133
)

// BenchmarkPair compares the life of one code with the same four statements made by hand, on the
// same driver, prepared the same way, each with a deadline as a Service gives its own. They take
// turns, so that both meet the same moods of the machine.
func BenchmarkPair(b *testing.B) {
	for name, s := range setups {
		b.Run(name, func(b *testing.B) {
			database := newDatabase(b, name)
			db := openDB(b, name, database.Source)
			pair := newPair(b, db, s.dialect)
			bare := newBare(b, db, s.dialect)

			var times [2][]time.Duration
			for i := range b.N {
				for turn := range 2 {
					who := (i + turn) % 2 // who goes first changes
					start := time.Now()
					[]func(testing.TB){pair, bare}[who](b)
					times[who] = append(times[who], time.Since(start))
				}
			}

			ours, theirs := median(times[0]), median(times[1])
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(ours.Microseconds()), "otp-µs")
			b.ReportMetric(float64(theirs.Microseconds()), "bare-µs")
			b.ReportMetric(math.Round(float64(ours)/float64(theirs)*1000)/1000, "ratio")
		})
	}
}

// BenchmarkThroughput counts pairs in a second over so many connections.
func BenchmarkThroughput(b *testing.B) {
	for _, name := range oneOfEach {
		for _, connections := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", name, connections), func(b *testing.B) {
				database := newDatabase(b, name)
				db := openDB(b, name, database.Source)
				db.SetMaxOpenConns(connections)
				db.SetMaxIdleConns(connections)
				pair := newPair(b, db, setups[name].dialect)

				var left atomic.Int64
				left.Store(int64(b.N))
				start := time.Now()
				var all sync.WaitGroup
				for range connections {
					all.Go(func() {
						for left.Add(-1) >= 0 {
							pair(b)
						}
					})
				}
				all.Wait()

				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "pairs/s")
			})
		}
	}
}

// newPair returns what sends a code to a new address and has it accepted.
func newPair(tb testing.TB, db *sql.DB, dialect sqlstore.Dialect) func(testing.TB) {
	tb.Helper()

	store, err := sqlstore.New(db, dialect, nil)
	require.NoError(tb, err)
	checkSizes(tb, store)

	var codes sync.Map
	service, err := otp.New(otp.Config{
		Purpose: "bench",
		Secret:  make([]byte, 32),
		Store:   store,
		Policy:  otp.Policy{MinSendTime: -1},
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			codes.Store(m.To, m.Code.Reveal())
			return nil
		}),
	})
	require.NoError(tb, err)

	return func(tb testing.TB) {
		ctx, to := context.Background(), rand.Text()+"@example.com"
		if _, err := service.Send(ctx, otp.Request{To: to}); err != nil {
			tb.Error(err)
			return
		}

		code, _ := codes.LoadAndDelete(to)
		if err := service.Verify(ctx, otp.Submission{To: to, Code: code.(string)}); err != nil {
			tb.Error(err)
		}
	}
}

// checkSizes fails unless the values of one code have the sizes of those made by hand.
func checkSizes(tb testing.TB, store otp.Store) {
	tb.Helper()

	measured := &sizes{Store: store}
	service, inbox := otptest.New(tb, otp.Config{Store: measured})
	_, err := service.Send(context.Background(), otp.Request{To: "ada@example.com"})
	require.NoError(tb, err)
	err = service.Verify(context.Background(),
		otp.Submission{To: "ada@example.com", Code: inbox.Code(tb, "ada@example.com")})
	require.NoError(tb, err)
	require.Equal(tb, []int{sentSize, spentSize}, measured.written)
}

// sizes notes the sizes of the values that are written.
type sizes struct {
	otp.Store
	written []int
}

func (s *sizes) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	s.written = append(s.written, len(new))
	return s.Store.CompareAndSwap(ctx, key, old, new, expires)
}

// newBare returns what makes the same statements by hand.
func newBare(tb testing.TB, db *sql.DB, dialect sqlstore.Dialect) func(testing.TB) {
	tb.Helper()

	load := "SELECT value FROM otp_records WHERE id = ?"
	insert := "INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)"
	update := "UPDATE otp_records SET value = ?, expires = ? WHERE id = ? AND value = ?"
	if dialect == sqlstore.PostgreSQL {
		load = "SELECT value FROM otp_records WHERE id = $1"
		insert = "INSERT INTO otp_records (id, value, expires) VALUES ($1, $2, $3)"
		update = "UPDATE otp_records SET value = $1, expires = $2 WHERE id = $3 AND value = $4"
	}

	ctx := context.Background()
	query := func(ctx context.Context, args ...any) *sql.Row {
		return db.QueryRowContext(ctx, load, args...)
	}
	exec := func(text string) func(context.Context, ...any) (sql.Result, error) {
		return func(ctx context.Context, args ...any) (sql.Result, error) {
			return db.ExecContext(ctx, text, args...)
		}
	}
	inserting, updating := exec(insert), exec(update)
	if dialect != sqlstore.PostgreSQL { // prepared as in package sqlstore
		prepare := func(text string) *sql.Stmt {
			stmt, err := db.PrepareContext(ctx, text)
			require.NoError(tb, err)
			return stmt
		}
		query = prepare(load).QueryRowContext
		inserting, updating = prepare(insert).ExecContext, prepare(update).ExecContext
	}

	sent, spent := make([]byte, sentSize), bytes.Repeat([]byte("s"), spentSize)
	return func(tb testing.TB) {
		id := []byte(rand.Text() + rand.Text()[:17])
		expires := time.Now().Add(24 * time.Hour).Unix()

		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()

		var value []byte
		if err := query(ctx, id).Scan(&value); err != sql.ErrNoRows {
			tb.Error(err)
		}
		if _, err := inserting(ctx, id, sent, expires); err != nil {
			tb.Error(err)
		}
		if err := query(ctx, id).Scan(&value); err != nil || !slices.Equal(value, sent) {
			tb.Error(err)
		}
		if _, err := updating(ctx, spent, expires, id, sent); err != nil {
			tb.Error(err)
		}
	}
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
