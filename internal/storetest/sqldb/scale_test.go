package sqldb

import (
	"crypto/rand"
	"database/sql"
	"flag"
	"fmt"
	"log"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

var (
	records  = flag.Int("records", 1_000_000, "how many records BenchmarkScale loads")
	pictures = flag.String("pictures", ".", "the folder for its pictures")
)

// A scale is how a database is filled, and its words for what is measured.
type scale struct {
	start      func() (*servers.Server, error) // nil: a file
	fast, safe []string                        // settings to load by, and those to measure by
	size       string                          // asks for the bytes of table and indexes
	depth      string                          // asks for the pages of a Load, by the tree
	used       string                          // the value of a record once its code is used
	empty      []string
	vacuum     string
}

var scales = map[string]scale{
	"PostgreSQL, pgx": {
		start: func() (*servers.Server, error) {
			return servers.StartPostgres("--shared-buffers=512MB", "--max-wal-size=8GB")
		},
		fast:   []string{"SET synchronous_commit = off"},
		safe:   []string{"SET synchronous_commit = on"},
		size:   "SELECT pg_total_relation_size('otp_records')",
		used:   "id || substr(value, 23)",
		empty:  []string{"TRUNCATE otp_records"},
		vacuum: "VACUUM otp_records",
	},
	"SQLite": {
		fast: []string{"PRAGMA synchronous = OFF", "PRAGMA cache_size = -4000000"},
		safe: []string{"PRAGMA synchronous = FULL", "PRAGMA cache_size = -2000"},
		size: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
		depth: `SELECT sum(ncell * (length(path) - length(replace(path, '/', '')))) * 1.0 /
			sum(ncell) FROM dbstat WHERE name = 'otp_records'`,
		used:  "randomblob(133)",
		empty: []string{"DELETE FROM otp_records", "VACUUM"},
	},
	"MariaDB": {
		start: func() (*servers.Server, error) {
			return servers.StartMariaDB("--innodb-buffer-pool-size=512M",
				"--innodb-log-file-size=1G")
		},
		// All pages of the load have room in memory, and only then in 512 MB as elsewhere.
		fast: []string{"SET GLOBAL innodb_buffer_pool_size = 6 << 30",
			"SET GLOBAL innodb_flush_log_at_trx_commit = 2"},
		safe: []string{"SET GLOBAL innodb_buffer_pool_size = 512 << 20",
			"SET GLOBAL innodb_flush_log_at_trx_commit = 1"},
		size: `SELECT file_size FROM information_schema.innodb_sys_tablespaces
			WHERE name = 'otp/otp_records'`,
		used:  "CONCAT(id, SUBSTR(value, 23)), version = version + 1",
		empty: []string{"TRUNCATE TABLE otp_records"},
	},
}

// BenchmarkScale fills databases and measures what a code costs then: `make scale`. It draws growth
// and write volume, and holds growth to that by the statements of commit 6eced80.
func BenchmarkScale(b *testing.B) {
	growth := plot.New()
	growth.Title.Text = fmt.Sprintf("%d codes a day, purged each hour", perDay)
	growth.X.Label.Text, growth.Y.Label.Text, growth.Y.Min = "hours", "MB with indexes", 0
	growth.Legend.XOffs = -vg.Centimeter / 2
	lines := 0
	add := func(b *testing.B, name string, megabytes plotter.Values) (last float64) {
		line, err := plotter.NewLine(hourly{megabytes})
		require.NoError(b, err)
		line.Color, line.Dashes = plotutil.Color(lines), plotutil.Dashes(lines)
		lines++
		growth.Add(line)
		growth.Legend.Add(name, line)
		return megabytes[len(megabytes)-1]
	}

	var sends, verifies plotter.Values
	for _, name := range oneOfEach {
		b.Run(name, func(b *testing.B) {
			f := &filled{scale: scales[name], B: b}
			f.open(name)
			send, verify := f.measure()
			sends, verifies = append(sends, send), append(verifies, verify)

			megabytes := add(b, name, f.grow(f.used, false))
			b.ReportMetric(megabytes, "MB-at-the-end")
			if setups[name].dialect == sqlstore.PostgreSQL {
				// Values of then had 101 bytes until they were used, and a wrong submission kept
				// them for thirty days, the right one notwithstanding.
				before := add(b, name+", 6eced80", f.grow("id || value || '0123456789'", true))
				b.ReportMetric(megabytes/before, "growth-ratio")
				assert.LessOrEqual(b, megabytes, before)
			}
		})
	}
	for name, p := range map[string]*plot.Plot{
		"scale-growth.png": growth, "scale-writes.png": writes(b, sends, verifies),
	} {
		file := filepath.Join(*pictures, name)
		require.NoError(b, p.Save(16*vg.Centimeter, 9*vg.Centimeter, file))
	}
}

// hourly are the points of a figure of each hour.
type hourly struct{ plotter.Values }

func (h hourly) XY(i int) (hour, value float64) { return float64(i + 1), h.Values[i] }

// writes draws what a code writes to the log of each of oneOfEach.
func writes(b *testing.B, sends, verifies plotter.Values) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = "What a code writes to the log", "bytes"
	below, err := plotter.NewBarChart(sends, vg.Centimeter)
	require.NoError(b, err)
	above, err := plotter.NewBarChart(verifies, vg.Centimeter)
	require.NoError(b, err)

	below.Color, above.Color = plotutil.Color(0), plotutil.Color(1)
	above.StackOn(below)
	p.Add(below, above)
	p.Legend.Add("Send", below)
	p.Legend.Add("Verify", above)
	p.Legend.Top, p.Legend.Left = true, true
	p.X.Padding, p.Y.Max = vg.Centimeter, 1.3*p.Y.Max
	p.X.Min, p.X.Max = -0.5, float64(len(sends))-0.5
	p.NominalX(oneOfEach...)
	return p
}

// A filled is a database that is filled and measured.
type filled struct {
	*testing.B
	scale
	dialect sqlstore.Dialect
	db      harness.Database
	conn    *sql.DB
}

func (f *filled) open(name string) {
	f.dialect = setups[name].dialect
	if f.start != nil {
		_, f.db = startDatabase(f, name, f.start)
	} else {
		f.db = newDatabase(f, name)
	}
	f.conn = openDB(f, name, f.db.Source)
}

func (f *filled) execute(statements ...string) {
	f.Helper()
	for _, statement := range statements {
		_, err := f.conn.ExecContext(f.Context(), statement)
		require.NoError(f, err, statement)
	}
}

func (f *filled) number(query string) (n float64) {
	f.Helper()
	require.NoError(f, f.conn.QueryRowContext(f.Context(), query).Scan(&n), query)
	return n
}

// hurry calls do by the fast settings, with one connection for what belongs to a connection.
func (f *filled) hurry(do func()) {
	f.conn.SetMaxOpenConns(1)
	defer f.conn.SetMaxOpenConns(connections)
	f.execute(f.fast...)
	do()
	f.execute(f.safe...)
}

// within makes records expire within a day from a time on, and not in the order of their keys.
func within(start int64) string { return fmt.Sprintf("%d + i * 7919 %% 86400", start) }

// measure fills the database and takes all figures but those of growth.
func (f *filled) measure() (send, verify float64) {
	const few, codes, batch = 10_000, 3_000, 50_000
	load := func(from, to int) {
		for begun, done := time.Now(), from; done < to; {
			next := min(done+batch, to)
			insert(f, f.conn, fillings[f.dialect], done+1, next, within(time.Now().Unix()))
			done = next
			left := time.Since(begun) / time.Duration(done-from) * time.Duration(to-done)
			log.Printf("%s: %d of %d records are loaded, %v left",
				f.Name(), done, to, left.Round(time.Second))
		}
	}
	pair := pairs(f.B, f.db.Open(f))
	latencies := func(name string) {
		var took []time.Duration
		for range codes {
			took = append(took, pair())
		}
		reportTimes(f.B, name, took)
	}

	load(0, few)
	latencies("pair-of-few")
	f.hurry(func() { load(few, *records) })
	f.ReportMetric(f.number(f.size)/float64(*records+codes), "B/record")
	latencies("pair-of-all")
	send, verify = f.logged(codes)
	f.ReportMetric(send, "B/Send")
	f.ReportMetric(verify, "B/Verify")
	f.ReportMetric(f.pagesOfLoad(codes), "pages/Load")

	// A tenth is purged, while twenty codes a second are sent and verified.
	rows := min(100_000, *records/10)
	insert(f, f.conn, fillings[f.dialect], *records+1, *records+rows,
		within(time.Now().Unix()-3*86400))
	var purging time.Duration
	reportTimes(f.B, "pair-beside-purge", meanwhile(time.Second/20, pair, func() {
		start := time.Now()
		purged, err := f.db.Open(f).(*sqlstore.Store).Purge(f.Context())
		require.NoError(f, err)
		require.EqualValues(f, rows, purged)
		purging = time.Since(start)
	}))
	f.ReportMetric(float64(rows)/purging.Seconds(), "purged/s")
	f.ReportMetric(0, "ns/op")
	return send, verify
}

// logged returns how many bytes a Send and a Verify write to the log.
func (f *filled) logged(codes int) (send, verify float64) {
	db := f.db
	if f.dialect == sqlstore.SQLite { // its log is not to begin again
		emptyLog(f, f.conn, f.dialect)
		db.Source += "&_pragma=wal_autocheckpoint(0)"
	}
	sending, verifying := byService(f.B, db)
	addresses := make([]string, codes)
	bytesOf := func(call codeCall) float64 {
		before := logBytes(f, db, f.conn)
		for _, to := range addresses {
			require.NoError(f, call(f.Context(), to))
		}
		return float64(logBytes(f, db, f.conn)-before) / float64(codes)
	}

	for i := range addresses {
		addresses[i] = rand.Text() + "@example.com"
	}
	return bytesOf(sending), bytesOf(verifying)
}

// pagesOfLoad returns how many pages a Load looks at, of the records that expire first: they are
// spread over the table.
func (f *filled) pagesOfLoad(loads int) float64 {
	if f.depth != "" {
		return f.number(f.depth)
	}
	f.conn.SetMaxOpenConns(1) // the statistics of one connection
	defer f.conn.SetMaxOpenConns(connections)
	store, err := sqlstore.New(f.conn, f.dialect, nil)
	require.NoError(f, err)
	keys, _, err := batchByHand(f.Context(), f.conn,
		fmt.Sprintf("SELECT id, expires FROM otp_records ORDER BY expires LIMIT %d", loads))
	require.NoError(f, err)
	return float64(pages(f, f.conn, f.dialect, func() {
		for _, key := range keys {
			_, err := store.Load(f.Context(), key)
			require.NoError(f, err)
		}
	})) / float64(len(keys))
}

// What happens within a minute expires apart from all else, so that a statement can tell it: the
// minute takes a day of the column.
const (
	minute = 86400
	day    = 24 * 60 * minute
	days   = 5
	perDay = 240_000
)

// grow empties the table, and has codes come and go for some days, and returns the megabytes of
// each hour. Each minute their share is inserted, and that of the minute before is used. One of
// twenty is mistyped first, and stays for thirty days or goes with the others. Each hour those of
// the day before are purged, and the table is vacuumed as autovacuum does by default. The
// statements have the shape of those of sqlstore, since a Service takes the time of its own clock.
func (f *filled) grow(used string, mistypedStay bool) (megabytes plotter.Values) {
	const perMinute, stay = perDay / 24 / 60, 30 * day
	update := func(set string, first int64, and string) string {
		return fmt.Sprintf("UPDATE otp_records SET %s WHERE expires >= %d AND expires < %d%s",
			set, first, first+minute, and)
	}
	right := "value = " + used
	if !mistypedStay {
		right += fmt.Sprintf(", expires = expires - %d", stay)
	}
	fillings := fillings
	if mistypedStay { // the values of 6eced80
		fillings = maps.Clone(fillings)
		fillings[f.dialect] = strings.Replace(fillings[f.dialect], "133", "101", 1)
	}

	f.hurry(func() {
		f.execute(f.empty...)
		dead := 0
		for m := range 24 * 60 * days {
			now, from := int64(m)*minute, 100_000_000+m*perMinute
			insert(f, f.conn, fillings[f.dialect], from+1, from+perMinute, within(now))
			last := now - minute
			f.execute(update("value = "+used, last, " AND expires % 20 <> 0"),
				update(fmt.Sprintf("expires = expires + %d", stay), last, " AND expires % 20 = 0"),
				update(right, last+stay, ""))
			if dead += perMinute; (m+1)%60 != 0 {
				continue
			}

			purged, err := f.conn.ExecContext(f.Context(),
				fmt.Sprintf("DELETE FROM otp_records WHERE expires < %d", now-day))
			require.NoError(f, err)
			rows, err := purged.RowsAffected()
			require.NoError(f, err)
			if dead += int(rows); f.vacuum != "" && dead > 50+perDay/5 {
				dead = 0
				f.execute(f.vacuum)
			}
			megabytes = append(megabytes, f.number(f.size)/1e6)
			if (m+1)%(24*60) == 0 {
				log.Printf("%s: %d of %d days are simulated", f.Name(), (m+1)/(24*60), days)
			}
		}
	})
	return megabytes
}
