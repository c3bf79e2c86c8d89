// Command scale fills databases with records and measures what codes cost then: `make scale`.
//
//	go run ./scale -records 10000000 -days 5 -only PostgreSQL
//
// It prints a table, and draws growth and write volume into the folder that -pictures names. Since
// each database takes long, the file that -figures names keeps those of runs before.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

var (
	records  = flag.Int("records", 1_000_000, "how many records to load")
	lives    = flag.Int("codes", 3_000, "how many codes to send and verify for each figure")
	days     = flag.Int("days", 5, "how many days of growth to simulate")
	perDay   = flag.Int("per-day", 240_000, "codes of a simulated day")
	only     = flag.String("only", "", "databases whose names begin with this")
	file     = flag.String("figures", "scale.json", "the file that keeps figures between runs")
	pictures = flag.String("pictures", ".", "the folder for pictures")
)

func main() {
	flag.Parse()
	log.SetFlags(log.Ltime)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// run measures the databases, and reports on them and on those of runs before.
func run(ctx context.Context) error {
	all, err := kept()
	if err != nil {
		return err
	}
	for _, d := range databases {
		if !strings.HasPrefix(d.name, *only) {
			continue
		}
		f, err := measure(ctx, d)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		all = slices.DeleteFunc(all, func(f figures) bool { return f.Name == d.name })
		all = append(all, f)
		slices.SortFunc(all, func(a, b figures) int { return strings.Compare(a.Name, b.Name) })
		if err := keep(all); err != nil {
			return err
		}
	}

	report(os.Stdout, all)
	return errors.Join(judge(all), draw(*pictures, all))
}

// kept returns the figures of runs before this one.
func kept() (all []figures, err error) {
	text, err := os.ReadFile(*file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(text, &all)
}

func keep(all []figures) error {
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(*file, text, 0o644)
}

// figures are what is measured of one database.
type figures struct {
	Name         string
	Records      int
	Bytes        float64 // of a record, with indexes
	Send, Verify float64 // bytes that a call writes to the log
	Pages        float64 // that a Load reads
	Small, Large latency // of a pair, at ten thousand records and at all
	Purged       int64   // rows
	Purging      time.Duration
	DuringPurge  latency
	Growth       []float64 // MB of the table and its indexes, each simulated hour
	Before       []float64 // the same by the statements of commit 6eced80
}

// A latency is the median and the 99th percentile of pairs.
type latency struct{ P50, P99 time.Duration }

func (l latency) String() string {
	return fmt.Sprintf("%.1f / %.1f ms", l.P50.Seconds()*1e3, l.P99.Seconds()*1e3)
}

// measure starts the database, fills it and takes all figures.
func measure(ctx context.Context, d database) (f figures, err error) {
	f.Name, f.Records = d.name, *records
	db, stop, err := d.start(ctx)
	if err != nil {
		return f, err
	}
	defer stop()

	const few = 10_000
	if err := d.load(ctx, db, 0, few); err != nil {
		return f, err
	}
	if f.Small, err = d.pairs(ctx, db, *lives); err != nil {
		return f, err
	}
	err = d.hurry(ctx, db, func() error { return d.load(ctx, db, few, *records) })
	if err != nil {
		return f, err
	}

	size, err := d.size(ctx, db)
	if err != nil {
		return f, err
	}
	f.Bytes = size / float64(*records+*lives)
	if f.Large, err = d.pairs(ctx, db, *lives); err != nil {
		return f, err
	}
	if f.Send, f.Verify, err = d.written(ctx, db); err != nil {
		return f, err
	}
	if f.Pages, err = d.loads(ctx, db); err != nil {
		return f, err
	}

	if err := d.purge(ctx, db, &f); err != nil {
		return f, err
	}
	err = d.hurry(ctx, db, func() (err error) {
		if f.Growth, err = d.grow(ctx, db, d.today()); err != nil || d.name != databases[0].name {
			return err
		}
		f.Before, err = d.grow(ctx, db, before)
		return err
	})
	return f, err
}

// pairs sends and verifies n codes, one after the other.
func (d database) pairs(ctx context.Context, db *sql.DB, n int) (latency, error) {
	again := make(chan time.Time)
	close(again)
	return d.pairsAt(ctx, db, again, n)
}

// pairsAt sends and verifies a code at each tick, n at most, until the context ends.
func (d database) pairsAt(
	ctx context.Context, db *sql.DB, ticks <-chan time.Time, n int,
) (latency, error) {
	log.Printf("%s: send and verify codes", d.name)
	c, err := newClient(db, d.dialect)
	if err != nil {
		return latency{}, err
	}

	var took []time.Duration
	for len(took) < n && ctx.Err() == nil {
		<-ticks
		start := time.Now()
		if err := c.pair(context.WithoutCancel(ctx)); err != nil {
			return latency{}, err
		}
		took = append(took, time.Since(start))
	}
	if len(took) == 0 {
		return latency{}, nil
	}
	slices.Sort(took)
	return latency{took[len(took)/2], took[len(took)*99/100]}, nil
}

// A client sends codes and verifies them.
type client struct {
	service *otp.Service
	code    string
	made    int
}

func newClient(db *sql.DB, dialect sqlstore.Dialect) (*client, error) {
	store, err := sqlstore.New(db, dialect, nil)
	if err != nil {
		return nil, err
	}
	c := &client{}
	c.service, err = otp.New(otp.Config{
		Purpose: "scale", Secret: []byte("a secret of 32 bytes for figures"), Store: store,
		Policy: otp.Policy{MinSendTime: -1},
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			c.code = m.Code.Reveal()
			return nil
		}),
	})
	return c, err
}

func (c *client) pair(ctx context.Context) error {
	to := c.address()
	if _, err := c.service.Send(ctx, otp.Request{To: to}); err != nil {
		return err
	}
	return c.service.Verify(ctx, otp.Submission{To: to, Code: c.code})
}

// address returns one that nobody has used.
func (c *client) address() string {
	c.made++
	return fmt.Sprintf("%d.%d@example.com", time.Now().UnixNano(), c.made)
}
