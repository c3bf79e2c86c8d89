package sqldb

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
)

// BenchmarkWritten compares what a pair of Send and Verify writes to the log of a database with
// what it wrote in commit 6eced80, when a value grew as its code was used. Bytes do not depend on
// the machine.
func BenchmarkWritten(b *testing.B) {
	for name, most := range map[string]float64{"MariaDB": 0.5, "SQLite": 0.85} {
		b.Run(name, func(b *testing.B) {
			now := written(b, name, byService)
			then := written(b, name, as6eced80)

			b.ReportMetric(now, "B/pair")
			b.ReportMetric(now/then, "ratio")
			b.ReportMetric(0, "ns/op")
			assert.LessOrEqual(b, now/then, most)
		})
	}
}

// A codeCall does one thing with the code that belongs to a text.
type codeCall func(ctx context.Context, text string) error

// written returns how many bytes a pair writes to the log of a database of many records. As many
// codes are sent between a Send and its Verify as in a minute of a million a day.
func written(
	b *testing.B, name string, calls func(*testing.B, harness.Database) (send, verify codeCall),
) float64 {
	b.Helper()
	const records, pairs, between = 300_000, 3_000, 700
	db := newDatabase(b, name)
	fill(b, db, records)
	if name == "SQLite" { // its log is not to begin again
		db.Source += "&_pragma=wal_autocheckpoint(0)"
	}
	conn := openDB(b, name, db.Source)
	send, verify := calls(b, db)

	texts := make([]string, pairs+between)
	for i := range texts {
		random := make([]byte, 16)
		rand.Read(random)
		texts[i] = base64.RawURLEncoding.EncodeToString(random) // as the keys of a Service
		if i < between {
			require.NoError(b, send(b.Context(), texts[i]))
		}
	}
	before := logBytes(b, db, conn)
	for i := range pairs {
		require.NoError(b, send(b.Context(), texts[i+between]))
		require.NoError(b, verify(b.Context(), texts[i]))
	}
	return float64(logBytes(b, db, conn)-before) / pairs
}

func byService(b *testing.B, db harness.Database) (send, verify codeCall) {
	service, inbox := otptest.New(b, otp.Config{Store: db.Open(b)})
	send = func(ctx context.Context, to string) error {
		_, err := service.Send(ctx, otp.Request{To: to})
		return err
	}
	verify = func(ctx context.Context, to string) error {
		return service.Verify(ctx, otp.Submission{To: to, Code: inbox.Code(b, to)})
	}
	return send, verify
}

// as6eced80 makes the statements of that commit that wrote, with values of its sizes.
func as6eced80(b *testing.B, db harness.Database) (send, verify codeCall) {
	insert := `INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)
		ON CONFLICT (id) DO NOTHING`
	update := "UPDATE otp_records SET value = ?, expires = ? WHERE id = ? AND value = ?"
	if db.Opener == "MariaDB" {
		insert = `INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)
			ON DUPLICATE KEY UPDATE version = version + 1`
		update = `UPDATE otp_records SET version = version + 1, value = ?, expires = ?
			WHERE id = ? AND value = ?`
	}
	sent, used := bytes.Repeat([]byte("sent"), 26)[:101], bytes.Repeat([]byte("used"), 34)[:133]
	expires := time.Now().Add(24 * time.Hour).Unix()

	conn := openDB(b, db.Opener, db.Source)
	send = func(ctx context.Context, key string) error {
		_, err := conn.ExecContext(ctx, insert, []byte(key), sent, expires)
		return err
	}
	verify = func(ctx context.Context, key string) error {
		_, err := conn.ExecContext(ctx, update, used, expires, []byte(key), sent)
		return err
	}
	return send, verify
}
