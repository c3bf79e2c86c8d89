package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"github.com/seed-5978b5f1/otp/sqlstore"
)

// A store in SQLite. The program imports modernc.org/sqlite for its driver.
func Example() {
	db, err := sql.Open("sqlite", "file:codes.db"+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		log.Fatal(err)
	}

	if _, err := db.Exec(sqlstore.Schema(sqlstore.SQLite, nil)); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		log.Fatal(err)
	}

	_ = store // the Store of otp.Config
}

// Expired records are deleted from time to time.
func ExampleStore_Purge() {
	var store *sqlstore.Store

	go func() {
		for range time.Tick(time.Hour) {
			if _, err := store.Purge(context.Background()); err != nil {
				log.Print(err)
			}
		}
	}()
}

func ExampleSchema() {
	fmt.Print(sqlstore.Schema(sqlstore.PostgreSQL, &sqlstore.Options{Table: "app.codes"}))
	// Output:
	// SELECT pg_advisory_xact_lock(7304304);
	// CREATE TABLE IF NOT EXISTS app.codes (
	// 	id      BYTEA  PRIMARY KEY,
	// 	value   BYTEA  NOT NULL,
	// 	expires BIGINT
	// );
	// CREATE INDEX IF NOT EXISTS codes_expires ON app.codes (expires);
}
