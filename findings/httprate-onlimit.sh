#!/bin/sh
# httprate: a method that "does not send an HTTP response" sends one where its counter fails.
#
# RateLimiter.OnLimit reports whether a request is over the limit: "This method does not send an
# HTTP response, so the caller must handle the response themselves".
#
# Seen with github.com/go-chi/httprate v0.16.1: where LimitCounter.Get fails (a counter in Redis
# that is down, say), OnLimit writes 428 Precondition Required with the text of the counter's error
# as the body, and returns true. The caller, who was told that the limit is reached, answers again.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'EOF'
module finding

go 1.26

require github.com/go-chi/httprate v0.16.1
EOF
cat >main.go <<'EOF'
package main

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/go-chi/httprate"
)

type counter struct{ err error }

func (counter) Config(int, time.Duration)                   {}
func (c counter) Increment(string, time.Time) error          { return c.err }
func (c counter) IncrementBy(string, time.Time, int) error   { return c.err }
func (c counter) Get(string, time.Time, time.Time) (int, int, error) { return 9, 9, c.err }

func main() {
	for _, c := range []counter{{}, {errors.New("redis-7.internal: connection refused")}} {
		limiter := httprate.NewRateLimiter(5, time.Minute, httprate.WithLimitCounter(c))
		w := httptest.NewRecorder()
		w.Code = 0
		limited := limiter.OnLimit(w, httptest.NewRequest("GET", "/", nil), "key")
		fmt.Printf("counter fails: %t; limited: %t; answer: %d %s\n",
			c.err != nil, limited, w.Code, strings.TrimSpace(w.Body.String()))
	}
}
EOF
go mod tidy >/dev/null 2>&1
go run . | tee seen

cat >expected <<'EOF'
counter fails: false; limited: true; answer: 0 
counter fails: true; limited: true; answer: 428 redis-7.internal: connection refused
EOF
diff expected seen
