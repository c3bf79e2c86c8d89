// Command postgres sends a code and accepts it, with its records in PostgreSQL.
//
//	go run ./internal/servers/run -only postgres go -C examples/integrations run ./postgres
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-5978b5f1/otp/examples/integrations/internal/signin"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

func main() {
	if err := run(context.Background(), os.Getenv("OTP_POSTGRES")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in")
}

func run(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()

	if _, err := pool.Exec(ctx, sqlstore.Schema(sqlstore.PostgreSQL, "")); err != nil {
		return err
	}
	store, err := sqlstore.New(stdlib.OpenDBFromPool(pool), sqlstore.PostgreSQL, nil)
	if err != nil {
		return err
	}
	return signin.Run(ctx, store)
}
