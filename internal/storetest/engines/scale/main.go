// Command scale fills databases with records and measures what codes cost then: `make scale`.
//
//	go run ./scale -records 10000000 -days 5 -only PostgreSQL
//
// After each database it prints a table of all so far, and draws growth and write volume into the
// folder that -pictures names.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
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
	pictures = flag.String("pictures", "", "the folder for pictures; none are drawn without")
)

func main() {
	flag.Parse()
	log.SetFlags(log.Ltime)

	var all []figures
	for _, d := range databases {
		if !strings.HasPrefix(d.name, *only) {
			continue
		}
		f, err := measure(context.Background(), d)
		if err != nil {
			log.Fatalf("%s: %v", d.name, err)
		}
		all = append(all, f)
		report(os.Stdout, all)
		if *pictures == "" {
			continue
		}
		if err := draw(*pictures, all); err != nil {
			log.Fatal(err)
		}
	}

	for _, f := range all {
		if f.before != nil && f.ratio() > maxGrowth {
			log.Fatalf("%s grows more than by the statements of 6eced80", f.name)
		}
	}
}

// figures are what is measured of one database.
type figures struct {
	name         string
	bytes        float64 // of a record, with indexes
	send, verify float64 // bytes that a call writes to the log
	pages        float64 // that a Load reads
	small, large latency // of a pair, at ten thousand records and at all
	purged       int64   // rows
	purging      time.Duration
	duringPurge  latency
	growth       []float64 // MB of the table and its indexes, each simulated hour
	before       []float64 // the same by the statements of commit 6eced80
}

// A latency is the median and the 99th percentile of pairs.
type latency struct{ p50, p99 time.Duration }

func (l latency) String() string {
	return fmt.Sprintf("%.1f / %.1f ms", l.p50.Seconds()*1e3, l.p99.Seconds()*1e3)
}

// measure starts the database, fills it and takes all figures.
func measure(ctx context.Context, d database) (f figures, err error) {
	f.name = d.name
	db, stop, err := d.start(ctx)
	if err != nil {
		return f, err
	}
	defer stop()

	const few = 10_000
	if err := d.load(ctx, db, 0, few); err != nil {
		return f, err
	}
	if f.small, err = d.pairs(ctx, db, *lives); err != nil {
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
	f.bytes = size / float64(*records+*lives)
	if f.large, err = d.pairs(ctx, db, *lives); err != nil {
		return f, err
	}
	if f.send, f.verify, err = d.written(ctx, db); err != nil {
		return f, err
	}
	if f.pages, err = d.loads(ctx, db); err != nil {
		return f, err
	}

	if err := d.purge(ctx, db, &f); err != nil {
		return f, err
	}
	err = d.hurry(ctx, db, func() (err error) {
		if f.growth, err = d.grow(ctx, db, d.today()); err != nil || d.name != databases[0].name {
			return err
		}
		f.before, err = d.grow(ctx, db, before)
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
