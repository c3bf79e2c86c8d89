// Command redis sends a code and accepts it, with its records in Redis.
//
//	go run ./internal/servers/run -only redis go -C examples/integrations run ./redis
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/redisstore"
)

func main() { run(context.Background(), os.Getenv("OTP_REDIS")) }

func run(ctx context.Context, address string) {
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	defer client.Close()
	eval := func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		return client.Eval(ctx, script, keys, args...).Result()
	}
	store, err := redisstore.New(eval, nil)
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
