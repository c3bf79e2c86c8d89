// Package etcd is the worked example of docs/writing-a-store.md: a store on etcd.
package etcd

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/seed-5978b5f1/otp"
)

// A Store keeps values under a prefix. It is an [otp.Store].
type Store struct {
	client *clientv3.Client
	prefix string
}

var _ otp.Store = (*Store)(nil)

// New returns a Store of the keys with the prefix.
func New(client *clientv3.Client, prefix string) *Store { return &Store{client, prefix} }

// Load returns the value under key by a linearizable read, as those of etcd are by default.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	got, err := s.client.Get(ctx, s.prefix+key)
	if err != nil {
		return nil, failure(ctx, "load", err)
	}
	if len(got.Kvs) == 0 {
		return nil, nil
	}
	return got.Kvs[0].Value, nil
}

// CompareAndSwap is one transaction, which etcd carries out as a whole. The value stays for good.
func (s *Store) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, _ time.Time,
) (bool, error) {
	key = s.prefix + key
	same := clientv3.Compare(clientv3.Value(key), "=", string(old))
	if len(old) == 0 {
		same = clientv3.Compare(clientv3.CreateRevision(key), "=", 0) // there is none
	}

	done, err := s.client.Txn(ctx).If(same).Then(clientv3.OpPut(key, string(new))).Commit()
	if err != nil {
		return false, failure(ctx, "swap", err)
	}
	return done.Succeeded, nil
}

// failure adds the end of ctx, which gRPC reports in words of its own.
func failure(ctx context.Context, operation string, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("etcd: %s: %w: %w", operation, ended, err)
	}
	return fmt.Errorf("etcd: %s: %w", operation, err)
}
