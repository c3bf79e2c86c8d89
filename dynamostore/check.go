package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// describer is what Check calls beside an API. *dynamodb.Client is one.
type describer interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (
		*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(
		context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options),
	) (*dynamodb.DescribeTimeToLiveOutput, error)
}

// Check reads how the table is set up, and returns what is not safe and what could not be known.
// Each error of unsafe names a setting, its value and the remedy. Each error of unknown says why:
// the role lacks dynamodb:DescribeTable or dynamodb:DescribeTimeToLive, say, or the client that New
// was given has no such methods.
//
// It is for the start of a program or for a command of its own, and never required: no other method
// calls it.
func (s *Store) Check(ctx context.Context) (unsafe, unknown []error) {
	client, ok := s.client.(describer)
	if !ok {
		return nil, []error{fmt.Errorf("dynamostore: table %q: its settings cannot be known: the "+
			"client has no DescribeTable and DescribeTimeToLive", s.table)}
	}

	for _, check := range []func(context.Context, describer) (error, error){
		s.checkTable, s.checkTTL,
	} {
		bad, unclear := check(ctx, client)
		if bad != nil {
			unsafe = append(unsafe, fmt.Errorf("dynamostore: table %q: %w", s.table, bad))
		}
		if unclear != nil {
			unknown = append(unknown, fmt.Errorf("dynamostore: table %q: %w", s.table, unclear))
		}
	}
	return unsafe, unknown
}

func (s *Store) checkTable(ctx context.Context, client describer) (unsafe, unknown error) {
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.table})
	if err != nil {
		return nil, fmt.Errorf("its key and replicas cannot be known: %w", err)
	}

	switch {
	case !s.opts.fit(out.Table):
		return fmt.Errorf("its key is not %s: correct Options", s.opts.keySchema()), nil
	case len(out.Table.Replicas) > 0 &&
		out.Table.MultiRegionConsistency != types.MultiRegionConsistencyStrong:
		return errors.New("it has replicas in other regions that are eventually consistent: use " +
			"it in one region only, or codes are accepted twice"), nil
	}
	return nil, nil
}

func (s *Store) checkTTL(ctx context.Context, client describer) (unsafe, unknown error) {
	on, err := ttlIsOn(ctx, client, s.table, s.opts.TTLAttribute)
	switch {
	case on && err != nil:
		return err, nil // by another attribute
	case err != nil:
		return nil, fmt.Errorf("its TTL cannot be known: %w", err)
	case !on:
		return fmt.Errorf("its TTL is off: turn it on for %q, as CreateTable does, or records "+
			"stay for good", s.opts.TTLAttribute), nil
	}
	return nil, nil
}
