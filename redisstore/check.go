package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// infoScript returns what INFO tells. Scripts may not ask for settings by CONFIG.
const infoScript = `return redis.call('INFO', 'server') .. redis.call('INFO', 'persistence') ..
	redis.call('INFO', 'memory') .. redis.call('INFO', 'replication')`

// Check reads what the server tells of the settings that the package comment asks for, and returns
// what is not safe and what could not be known. Each error of unsafe names a setting, its value and
// the remedy. Each error of unknown says why.
//
// It is for the start of a program or for a command of its own, and never required: no other method
// calls it. It needs the right to INFO ("+info"). In a cluster it asks one server.
func (s *Store) Check(ctx context.Context) (unsafe, unknown []error) {
	unknown = append(unknown, errors.New("redisstore: appendfsync cannot be known: scripts may "+
		"not read it; it must be \"always\", or a crash of the machine undoes the last second"))

	info, err := s.text(ctx, infoScript, "check")
	if err != nil {
		return nil, append(unknown, fmt.Errorf("redisstore: all other settings cannot be known, "+
			"which takes the right to INFO: %w", err))
	}

	told := map[string]string{}
	for line := range strings.Lines(string(info)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		told[name] = value
	}
	for _, r := range rules {
		value, found := told[r.field]
		switch {
		case !found:
			unknown = append(unknown, fmt.Errorf("redisstore: %s cannot be known: the server "+
				"does not tell %s", r.setting, r.field))
		case !r.safe(value):
			unsafe = append(unsafe, fmt.Errorf("redisstore: %s is %q: %s",
				r.setting, value, r.remedy))
		}
	}
	return unsafe, unknown
}

// rules say which values that INFO tells are safe.
var rules = []struct {
	setting, field string
	safe           func(value string) bool
	remedy         string
}{
	{"appendonly", "aof_enabled", is("1"),
		"set it to yes, or a crash undoes all since the last snapshot"},
	{"the last write to the append-only file", "aof_last_write_status", is("ok"),
		"give the server a disk that it can write to"},
	{"maxmemory-policy", "maxmemory_policy", is("noeviction"),
		"set it to noeviction, or who fills the memory evicts the records of others"},
	{"the role", "role", is("master"), "connect to the primary: a replica refuses swaps"},
	{"the version", "redis_version", func(v string) bool { return !older(v, 6, 2) },
		"use Redis 6.2 or later: SET has no PXAT before"},
}

func is(want string) func(string) bool { return func(value string) bool { return value == want } }

// older reports whether a version is before major.minor.
func older(version string, major, minor int) bool {
	parts := strings.SplitN(version+".0", ".", 3)
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	return errA == nil && errB == nil && (a < major || a == major && b < minor)
}
