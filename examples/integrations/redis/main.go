// Command redis sends a code and accepts it, with its records in Redis.
//
//	go run ./internal/servers/run -only redis go -C examples/integrations run ./redis
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/seed-5978b5f1/otp/examples/integrations/internal/signin"
	"github.com/seed-5978b5f1/otp/redisstore"
)

func main() {
	if err := run(context.Background(), os.Getenv("OTP_REDIS")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in")
}

func run(ctx context.Context, address string) error {
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	defer client.Close()
	eval := func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		return client.Eval(ctx, script, keys, args...).Result()
	}

	store, err := redisstore.New(eval, nil)
	if err != nil {
		return err
	}
	return signin.Run(ctx, store)
}
