// Command postgres sends a code and accepts it, with its records in PostgreSQL.
//
//	go run ./internal/servers/run -only postgres go -C examples/integrations run ./postgres
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

func main() { run(context.Background(), os.Getenv("OTP_POSTGRES")) }

func run(ctx context.Context, url string) {
	pool, err := pgxpool.New(ctx, url)
	check(err)
	defer pool.Close()
	_, err = pool.Exec(ctx, sqlstore.Schema(sqlstore.PostgreSQL, ""))
	check(err)
	store, err := sqlstore.New(stdlib.OpenDBFromPool(pool), sqlstore.PostgreSQL, nil)
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
