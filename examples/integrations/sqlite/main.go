// Command sqlite sends a code and accepts it, with its records in a file of SQLite.
//
//	go -C examples/integrations run ./sqlite
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "modernc.org/sqlite"

	"github.com/seed-5978b5f1/otp/examples/integrations/internal/signin"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

func main() {
	if err := run(context.Background(), "codes.db"); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in")
}

func run(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()

	if _, err := db.ExecContext(ctx, sqlstore.Schema(sqlstore.SQLite, "")); err != nil {
		return err
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		return err
	}
	return signin.Run(ctx, store)
}
