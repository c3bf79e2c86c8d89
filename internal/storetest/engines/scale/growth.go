package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"strings"
)

// A life is what the statements of a code leave behind.
type life struct {
	name   string
	insert func(string) string // makes the statement of a Send of that of a record
	used   string              // the value once the code is used
	stays  bool                // whether a record with a typing error stays for thirty days
}

// today is the life of a code by sqlstore as it is.
func (d database) today() life {
	return life{d.name, func(s string) string { return s }, d.used, false}
}

// before is the life of a code by commit 6eced80: its value had 101 bytes until it was used, and a
// wrong submission kept it for thirty days, the right one notwithstanding. It is for PostgreSQL.
var before = life{
	name: "PostgreSQL 15, 6eced80",
	insert: func(s string) string {
		return strings.Replace(s, "AS TEXT)), 8)", "AS TEXT)), 6)", 1)
	},
	used:  "id || value || '0123456789'",
	stays: true,
}

// What happens within a minute expires apart from all else, so that a statement can tell it: the
// minute takes a day of the column.
const (
	minute = 86400
	day    = 24 * 60 * minute
)

// grow empties the table, and has codes come and go for some days, and returns the megabytes of
// each hour. Each minute their share is inserted, and that of the minute before is used. One of
// twenty is mistyped first. Each hour those of the day before are purged, and the table is vacuumed
// as autovacuum does by default. The statements have the shape of those of sqlstore, since a
// Service takes the time of its own clock.
func (d database) grow(ctx context.Context, db *sql.DB, l life) (megabytes []float64, err error) {
	if err := execute(ctx, db, d.empty); err != nil {
		return nil, err
	}
	perMinute, dead := *perDay/24/60, 0
	d.insert = l.insert(d.insert)

	for m := range 24 * 60 * *days {
		now, from := int64(m)*minute, 100_000_000+m*perMinute
		if err := d.fill(ctx, db, from+1, from+perMinute, now); err != nil {
			return nil, err
		}
		if err := execute(ctx, db, l.uses(now-minute)); err != nil {
			return nil, err
		}
		dead += perMinute
		if (m+1)%60 != 0 {
			continue
		}

		purge := fmt.Sprintf("DELETE FROM otp_records WHERE expires < %d", now-day)
		result, err := db.ExecContext(ctx, purge)
		if err != nil {
			return nil, err
		}
		purged, err := result.RowsAffected()
		if err != nil {
			return nil, err
		}
		if dead += int(purged); d.vacuum != "" && dead > 50+*perDay/5 {
			dead = 0
			if err := execute(ctx, db, []string{d.vacuum}); err != nil {
				return nil, err
			}
		}
		size, err := d.size(ctx, db)
		if err != nil {
			return nil, err
		}
		megabytes = append(megabytes, size/1e6)
		if (m+1)%(24*60) == 0 {
			log.Printf("%s: %d of %d days are simulated: %.0f MB", l.name, (m+1)/24/60, *days,
				size/1e6)
		}
	}
	return megabytes, nil
}

// uses returns the statements that use the codes of a minute.
func (l life) uses(start int64) []string {
	const stay = 30 * day
	update := func(set string, first int64, and string) string {
		return fmt.Sprintf("UPDATE otp_records SET %s WHERE expires >= %d AND expires < %d%s",
			set, first, first+minute, and)
	}
	right := "value = " + l.used
	if !l.stays {
		right += fmt.Sprintf(", expires = expires - %d", stay)
	}
	return []string{
		update("value = "+l.used, start, " AND expires % 20 <> 0"),
		update(fmt.Sprintf("expires = expires + %d", stay), start, " AND expires % 20 = 0"),
		update(right, start+stay, ""),
	}
}
