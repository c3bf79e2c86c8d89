package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Eval runs a Lua script on the primary of a Redis or Valkey server, as its command EVAL does, and
// returns the reply or an error. It must be safe for concurrent use, and should return when ctx
// ends.
//
// There is one key. Each of args is a string of any bytes, for clients that take no other type
// ([StringArgs] unwraps them). The scripts reply with a string or an integer, which Eval returns as
// string or []byte, or as int64. No script replies with nil, which some clients take for an error.
type Eval func(ctx context.Context, script string, keys []string, args ...any) (any, error)

// StringArgs returns the arguments of an [Eval] for a client that takes strings only.
func StringArgs(args []any) []string {
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i] = arg.(string)
	}
	return texts
}

// Options fit a Store to a server that other programs use too. The zero value does in most cases.
type Options struct {
	// Prefix is put in front of each key, to keep the records apart from what else the server
	// holds. Services may share one: their keys differ. Default "otp:".
	Prefix string
}

// The scripts. Redis runs each as a whole: no other command comes between its own. A value that is
// not there is the empty string, in arguments and in replies; no value is empty.
const (
	loadScript = `return redis.call('GET', KEYS[1]) or ''`

	// The arguments are the old value, the new one, and its expiry in milliseconds since 1970, or
	// the empty string for none. SET without an expiry removes the one before.
	swapScript = `if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
	return 0
end
if ARGV[3] == '' then
	redis.call('SET', KEYS[1], ARGV[2])
else
	redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
end
return 1`
)

// margin is how much longer than asked for a value is kept. The server's clock decides when it
// goes, and may be that much ahead of the caller's.
const margin = time.Minute

// A Store keeps values in a Redis or Valkey database. It is an [otp.Store] and safe for concurrent
// use.
type Store struct {
	eval   Eval
	prefix string
}

var _ otp.Store = (*Store)(nil)

// New returns a Store that runs its scripts by eval. It makes no call. Nil opts are the zero
// Options. A nil eval is an error.
func New(eval Eval, opts *Options) (*Store, error) {
	if eval == nil {
		return nil, errors.New(
			"redisstore: the Eval is nil: it is required (see the package comment)")
	}

	if opts == nil {
		opts = &Options{}
	}
	return &Store{eval: eval, prefix: cmp.Or(opts.Prefix, "otp:")}, nil
}

// Load returns the value under key, or nil if there is none.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	value, err := s.text(ctx, loadScript, key)
	if err != nil || len(value) == 0 {
		return nil, err
	}
	return value, nil
}

// text runs a script that replies with a string.
func (s *Store) text(ctx context.Context, script, key string) ([]byte, error) {
	reply, err := s.run(ctx, script, key)
	if err != nil {
		return nil, err
	}

	switch reply := reply.(type) {
	case string:
		return []byte(reply), nil
	case []byte:
		return reply, nil
	}
	return nil, s.unexpected(reply, "string or []byte")
}

// CompareAndSwap stores new under key if the value there still equals old, where an empty old means
// that there is none, and reports whether it did.
//
// The value stays until a minute after expires by the server's clock. It is set together with its
// expiry, and the zero time removes the expiry of the value before.
func (s *Store) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (swapped bool, err error) {
	reply, err := s.run(ctx, swapScript, key, string(old), string(new), keepUntil(expires))
	if err != nil {
		return false, err
	}

	switch reply {
	case int64(1):
		return true, nil
	case int64(0):
		return false, nil
	}
	return false, s.unexpected(reply, "int64 of 0 or 1")
}

// run runs a script on the key. An error wraps that of ctx if ctx has ended.
func (s *Store) run(ctx context.Context, script, key string, args ...any) (any, error) {
	if err := ctx.Err(); err != nil { // which not every client looks at
		return nil, fmt.Errorf("redisstore: %w", err)
	}

	reply, err := s.eval(ctx, script, []string{s.prefix + key}, args...)
	if err == nil {
		return reply, nil
	}

	if ended := endedBy(ctx); ended != nil && !errors.Is(err, ended) {
		return nil, fmt.Errorf("redisstore: prefix %q: %w: %w", s.prefix, ended, err)
	}
	return nil, fmt.Errorf("redisstore: prefix %q: %w", s.prefix, err)
}

// endedBy returns why ctx has ended, or nil. Clients that put the deadline on their connection see
// it pass before ctx does.
func endedBy(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// unexpected describes a reply of the wrong type by its type: its content may be a value.
func (s *Store) unexpected(reply any, want string) error {
	if number, ok := reply.(int64); ok {
		return fmt.Errorf("redisstore: prefix %q: Eval returned the int64 %d, want %s: "+
			"it must run the script that it is given", s.prefix, number, want)
	}
	return fmt.Errorf("redisstore: prefix %q: Eval returned a reply of type %T, want %s: "+
		"it must return the reply of the script as it is", s.prefix, reply, want)
}

// keepUntil returns the argument of PXAT for a value that must stay until expires, or the empty
// string for one that stays for good.
func keepUntil(expires time.Time) string {
	const farthest = 9999 // the year; milliseconds in an int64 reach further
	if expires.IsZero() || expires.Year() > farthest {
		return ""
	}

	roundedUp := expires.Add(margin + time.Millisecond - 1).UnixMilli()
	return strconv.FormatInt(max(roundedUp, 1), 10) // Redis refuses 0 and less
}
