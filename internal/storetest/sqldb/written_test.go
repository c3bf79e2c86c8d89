package sqldb

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
)

// BenchmarkWritten compares what a Send and a Verify write to the log of a database with what they
// wrote in commit 6eced80, when a value grew as its code was used. Bytes do not depend on the
// machine.
func BenchmarkWritten(b *testing.B) {
	for _, c := range []struct {
		name               string
		maxVerify, maxPair float64 // as a share of what 6eced80 wrote
	}{
		{"MariaDB", 0.5, 0.65},
		{"SQLite", 0.5, 0.85},
	} {
		b.Run(c.name, func(b *testing.B) {
			send, verify := written(b, c.name, byService)
			sendThen, verifyThen := written(b, c.name, as6eced80)
			pair := (send + verify) / (sendThen + verifyThen)

			b.ReportMetric(send, "B/Send")
			b.ReportMetric(verify, "B/Verify")
			b.ReportMetric(verify/verifyThen, "Verify-ratio")
			b.ReportMetric(pair, "ratio")
			b.ReportMetric(0, "ns/op")
			assert.LessOrEqual(b, verify/verifyThen, c.maxVerify)
			assert.LessOrEqual(b, pair, c.maxPair)
		})
	}
}

// A codeCall does one thing with the code that belongs to a text.
type codeCall func(ctx context.Context, text string) error

// written returns how many bytes a Send and a Verify write to the log of a database of many
// records. The codes are all sent before they are verified.
func written(
	b *testing.B, name string, calls func(*testing.B, harness.Database) (send, verify codeCall),
) (send, verify float64) {
	b.Helper()
	const records, codes = 300_000, 6_000
	db := newDatabase(b, name)
	fill(b, db, records)
	if name == "SQLite" { // its log is not to begin again
		db.Source += "&_pragma=wal_autocheckpoint(0)"
	}
	conn := openDB(b, name, db.Source)

	texts := make([]string, codes)
	for i := range texts {
		texts[i] = rand.Text()[:22]
	}
	bytesOf := func(call codeCall) float64 {
		before := logBytes(b, db, conn)
		for _, text := range texts {
			require.NoError(b, call(b.Context(), text))
		}
		return float64(logBytes(b, db, conn)-before) / codes
	}
	sending, verifying := calls(b, db)
	return bytesOf(sending), bytesOf(verifying)
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
