package redisdb

import (
	"crypto/rand"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestConformance(t *testing.T) {
	each(t, allClients(), func(t *testing.T, db harness.Database) { db.Test(t) })
}

// The scripts work on one key each, so a cluster takes them.
func TestConformanceInCluster(t *testing.T) {
	server := startRedis(t, "--cluster-enabled", "yes")
	admin(t, server.Address, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	require.Eventually(t, func() bool {
		info := admin(t, server.Address, "CLUSTER", "INFO").(string)
		return strings.Contains(info, "cluster_state:ok")
	}, 30*time.Second, 10*time.Millisecond)

	// rueidis and valkey-go find out that it is a cluster.
	for _, client := range []string{"go-redis for clusters", "rueidis", "valkey-go"} {
		t.Run(client, func(t *testing.T) {
			harness.Database{Opener: client, Source: server.Address}.Test(t)
		})
	}
}

func TestCrowd(t *testing.T) {
	each(t, allClients(), func(t *testing.T, db harness.Database) {
		require.NoError(t, harness.Crowd(t, db))
	})
}

// The limits of package sendlimit hold over many instances.
func TestPump(t *testing.T) {
	each(t, []string{"go-redis"}, func(t *testing.T, db harness.Database) {
		require.NoError(t, harness.Pump(t.Context(), db.Open(t)))
	})
}

func TestClientCrash(t *testing.T) {
	each(t, []string{"go-redis"}, func(t *testing.T, db harness.Database) {
		harness.ClientCrash(t, db)
	})
}

func TestLinearizable(t *testing.T) {
	each(t, allClients(), func(t *testing.T, db harness.Database) {
		require.NoError(t, harness.LinearizableOften(t, db, 50))
	})
}

func TestExpiry(t *testing.T) {
	each(t, fourClients, func(t *testing.T, db harness.Database) {
		require.NoError(t, checkExpiry(t, db))
	})
}

// checkExpiry returns an error unless a value has the time that it was swapped in with, and a
// minute more, in place of the time of the value before; and unless a value that is gone counts as
// absent.
func checkExpiry(t *testing.T, db harness.Database) error {
	store, key := db.Open(t), rand.Text()
	swap := func(old, new string, expires time.Time) error {
		swapped, err := store.CompareAndSwap(t.Context(), key, []byte(old), []byte(new), expires)
		if err == nil && !swapped {
			err = fmt.Errorf("the swap from %q to %q was refused", old, new)
		}
		return err
	}

	value := ""
	for i, expires := range []time.Time{
		time.Now().Add(time.Hour),
		time.Now().Add(20 * time.Second),
		{}, // for good
		time.Date(2100, 1, 1, 0, 0, 0, 1, time.UTC),
		time.Now().Add(-59500 * time.Millisecond),
	} {
		next := fmt.Sprint("value ", i)
		if err := swap(value, next, expires); err != nil {
			return err
		}

		want := int64(-1) // never
		if !expires.IsZero() {
			want = expires.Add(time.Minute + time.Millisecond - 1).UnixMilli()
		}
		got := admin(t, db.Source, "PEXPIRETIME", "otp:"+key)
		if gone := int64(-2); got == gone && want > 0 && time.Now().UnixMilli() > want {
			break // on a busy machine, the last one
		}
		if got != want {
			return fmt.Errorf("%v: the value goes at %v, want %v", expires, got, want)
		}
		value = next
	}

	require.Eventually(t, func() bool {
		got, err := store.Load(t.Context(), key)
		return assert.NoError(t, err) && got == nil
	}, time.Minute, time.Millisecond)
	return swap("", "new", time.Now())
}

// Send and Verify of one code are one call and two, whatever the client. The server counts them.
func TestCalls(t *testing.T) {
	for _, client := range fourClients {
		t.Run(client, func(t *testing.T) {
			server := startRedis(t)
			db := harness.Database{Opener: client, Source: server.Address}
			require.NoError(t, sendAndVerify(t, db.Open(t)))

			stats := admin(t, server.Address, "INFO", "commandstats").(string)
			require.Contains(t, stats, "cmdstat_eval:calls=3,")
		})
	}
}

func sendAndVerify(t *testing.T, store otp.Store) error {
	t.Helper()
	service, inbox := otptest.New(t, otp.Config{Store: store})

	if _, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"}); err != nil {
		return err
	}
	return service.Verify(t.Context(),
		otp.Submission{To: "ada@example.com", Code: inbox.Code(t, "ada@example.com")})
}

// The package comment of redisstore says how much memory a record takes: all that the server needs
// more, over many of them.
func TestMemory(t *testing.T) {
	const records, workers = 20_000, 8

	for _, test := range []struct{ size, atMost int }{
		{133, 400}, // one code, accepted
		{900, 1250},
	} {
		server := startRedis(t, "--appendfsync", "no")
		store := harness.Database{Opener: "go-redis", Source: server.Address}.Open(t)
		before := usedMemory(t, server)

		var all sync.WaitGroup
		for worker := range workers {
			all.Go(func() {
				for i := worker; i < records; i += workers {
					swapped, err := store.CompareAndSwap(t.Context(), fmt.Sprintf("%043d", i), nil,
						make([]byte, test.size), time.Now().Add(time.Hour))
					assert.NoError(t, err)
					assert.True(t, swapped)
				}
			})
		}
		all.Wait()

		each := (usedMemory(t, server) - before) / records
		t.Logf("a value of %d bytes takes %d", test.size, each)
		assert.LessOrEqual(t, each, test.atMost)
	}
}

func usedMemory(t *testing.T, server *servers.Server) int {
	t.Helper()

	info := admin(t, server.Address, "INFO", "memory").(string)
	_, after, found := strings.Cut(info, "\r\nused_memory:")
	require.True(t, found, info)
	number, _, _ := strings.Cut(after, "\r\n")
	n, err := strconv.Atoi(number)
	require.NoError(t, err)
	return n
}

// The body of each adapter stands in the package comment of redisstore as it is tested here.
func TestAdaptersAreQuoted(t *testing.T) {
	const file = "open_test.go"
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	comment, err := os.ReadFile("../../../redisstore/doc.go")
	require.NoError(t, err)
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
	require.NoError(t, err)

	quoted := 0
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "eval") {
			continue
		}

		adapter := f.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.FuncLit)
		body := strings.TrimSpace(string(source[adapter.Body.Lbrace : adapter.Body.Rbrace-1]))
		body = strings.ReplaceAll(body, "\n\t\t", "\n\t")
		require.Contains(t, string(comment), "//\t"+strings.ReplaceAll(body, "\n", "\n//"), f.Name)
		quoted++
	}
	require.Equal(t, len(fourClients), quoted)
}
