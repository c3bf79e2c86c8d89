// Package redisstore keeps the records of one-time codes in Redis or Valkey, for services of more
// than one process. It imports no client: it takes a function that runs a script.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
//	eval := func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
//		return client.Eval(ctx, script, keys, args...).Result()
//	}
//	store, err := redisstore.New(eval, nil)
//
// gives an [otp.Store] over go-redis. Load and CompareAndSwap are one EVAL each, of a script that
// works on one key and that Redis runs as a whole. Send and Verify of one code are three.
//
// # Settings of the server
//
// Redis is made to forget. What it forgets here are used codes, counted guesses and counted sends:
// a forgotten record lets a code be accepted twice, and gives attempts and sends back. Set
//
//	appendonly yes
//	appendfsync always
//	maxmemory-policy noeviction
//
// and know what each other setting can undo:
//
//   - "appendfsync everysec" undoes nothing when the Redis process dies, and the last second, or
//     two on a slow disk, when the machine does. Codes used in that time work once more until they
//     expire.
//   - "appendonly no" undoes all since the last snapshot, or everything where there are none.
//   - Any other maxmemory-policy lets whoever can fill the memory, by asking for codes to many
//     addresses, evict the records of others. With noeviction, Redis refuses writes instead, and no
//     code can be sent or verified until there is memory.
//
// [Store.Check] asks the server, and names what is not safe and what it could not know.
//
// After FLUSHALL, a restored backup, or a crash without these settings, change Config.Secret: that
// voids all codes.
//
// # Replicas and fail-over
//
// Connect to the primary. A replica refuses swaps (READONLY), but Load from one may show a value
// that was replaced. Clients that send reads to replicas take EVAL for a write, so it still goes to
// the primary; an address that leads to replicas only must not be used.
//
// Replication is asynchronous. A fail-over loses the writes that the new primary has not received,
// a second's worth or so, and during a network partition all that the old primary goes on to
// accept. What is lost is undone: a code that was accepted may be accepted once more, a wrong
// guess may be free. WAIT is no cure. It tells how many replicas have a write, but takes nothing
// back if they are too few, and a replica that lacks the write may still become the primary.
// "min-replicas-to-write 1" bounds what a cut-off primary accepts to min-replicas-max-lag, 10
// seconds by default. Where that cannot be borne, use a database whose fail-over loses nothing:
// package dynamostore, package sqlstore on a server that replicates synchronously, or a service of
// the same protocol that writes to a replicated log first, as Amazon MemoryDB does.
//
// In a Redis Cluster, use a cluster client. It replicates asynchronously, too: when a master dies,
// what its replica had not received is undone, and nothing of the other masters. Keys are MACs and
// spread evenly over the slots, unless [Options].Prefix has a hash tag such as "{otp}", which puts
// every record into one slot.
//
// # Version and rights
//
// The scripts need SET with PXAT: Redis 6.2 or later, any version of Valkey. An older one refuses
// every swap as "syntax error". The least that a user of the server needs, beside what the client
// sends when it connects:
//
//	ACL SETUSER otp on >PASSWORD ~otp:* +eval +get +set +@connection
//
// and "+info" for [Store.Check].
//
// # Clients
//
// Any client will do. An [Eval] for go-redis (github.com/redis/go-redis/v9), where client is a
// *redis.Client, a *redis.ClusterClient or one of Sentinel's:
//
//	return client.Eval(ctx, script, keys, args...).Result()
//
// For rueidis (github.com/redis/rueidis) and valkey-go (github.com/valkey-io/valkey-go):
//
//	return client.Do(ctx, client.B().Eval().Script(script).Numkeys(int64(len(keys))).
//		Key(keys...).Arg(redisstore.StringArgs(args)...).Build()).ToAny()
//
// For redigo (github.com/gomodule/redigo/redis), which has to give its connection back:
//
//	conn, err := pool.GetContext(ctx)
//	if err != nil {
//		return nil, err
//	}
//	defer conn.Close()
//	return redis.DoContext(conn, ctx, "EVAL",
//		redis.Args{script, len(keys)}.AddFlat(keys).Add(args...)...)
//
// The text of a script goes with each call: 39 bytes to load, 198 to swap. Redis compiles it once
// and finds it again by its SHA-1. EVALSHA would send 40 bytes instead, but a server that has
// restarted or failed over does not know the script (NOSCRIPT). The clients' own helpers send
// EVALSHA first and EVAL after NOSCRIPT, and fit in as well:
//
//	return redis.NewScript(script).Run(ctx, client, keys, args...).Result() // go-redis
//
// Bound the time of a call. An [otp.Service] gives the store 10 seconds. go-redis heeds that only
// with Options.ContextTimeoutEnabled, and else its own ReadTimeout. rueidis and valkey-go send all
// calls over a few connections, and take 10 seconds to give up one that has gone silent; lower
// their ConnWriteTimeout.
//
// A client that repeats a call whose reply was lost, as go-redis does up to three times, may find
// its own first write, and CompareAndSwap then reports false. A Service recognizes its own write
// when it loads the value again. rueidis and valkey-go do not repeat EVAL.
//
// # Errors
//
// Whatever is not a reply of the scripts is an error and no lost race, and wraps the client's. It
// is never an acceptance and never "wrong code". Redis' own words in it mean:
//
//   - LOADING: the server has started and reads its data; the next call may succeed.
//   - READONLY: this is a replica, after a fail-over perhaps; connect to the primary.
//   - MISCONF: the server cannot write to its disk.
//   - OOM: maxmemory is reached. Give it more.
//   - NOPERM, or "user executing the script can't run this command": the user lacks a right; see
//     above.
//   - WRONGTYPE: something else writes under this prefix.
//   - NOSCRIPT: the client sends EVALSHA alone.
//   - CLUSTERDOWN, MASTERDOWN, NOREPLICAS: part of the servers cannot be reached.
//
// # Memory
//
// A record is one key with a string of at most 800 bytes (maxValue in encode.go of package otp).
// With all that Redis 7.0 keeps about it, it takes some 350 bytes of memory for an address that one
// code was sent to, and 1,250 at most. Redis drops it a minute after it has expired, which with the
// default policy is a day after the last code was sent, or up to 30 days later if there were wrong
// guesses.
package redisstore
