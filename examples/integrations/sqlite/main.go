// Command sqlite sends a code and accepts it, with its records in a file of SQLite.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log"

	_ "modernc.org/sqlite"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

func main() { run(context.Background(), "codes.db") }

func run(ctx context.Context, file string) {
	db, err := sql.Open("sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	check(err)
	defer db.Close()
	_, err = db.ExecContext(ctx, sqlstore.Schema(sqlstore.SQLite, ""))
	check(err)
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	check(err)

	var code string
	logins, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(rand.Text() + rand.Text()), // from the configuration, in production
		Store:   store,
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			code = m.Code.Reveal() // a mail, in production
			return nil
		}),
	})
	check(err)

	_, err = logins.Send(ctx, otp.Request{To: "ada@example.com"})
	check(err)
	err = logins.Verify(ctx, otp.Submission{To: "ada@example.com", Code: code})
	check(err)
	fmt.Println("signed in")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
