package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/isnil"
)

// API is what a Store calls. *dynamodb.Client is one.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (
		*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (
		*dynamodb.PutItemOutput, error)
}

// Options describe the table of a Store, for [New] and [CreateTable]. They fit a Store to a table
// that exists already.
//
// The names, SortValue and KeyPrefix have at most 100 bytes together, so that every item costs one
// write unit.
type Options struct {
	// PartitionKey is the name of the partition key, which is a string. Default "pk".
	PartitionKey string

	// SortKey is the name of the sort key, which is a string, and SortValue is its value in every
	// item of the Store. Set both, or neither for a table without a sort key.
	SortKey, SortValue string

	// ValueAttribute is the name of the attribute that holds the value, which is binary. Default
	// "value".
	ValueAttribute string

	// TTLAttribute is the name of the attribute by which DynamoDB drops expired items: the second
	// since 1970, as a number. Default "expires".
	TTLAttribute string

	// KeyPrefix is put in front of each partition key, to keep the items apart from others in the
	// table. Default none.
	KeyPrefix string
}

// maxNames bounds what Options add to an item. An item of up to 1024 bytes costs one write unit.
// A value may take 868 of them, and takes 800 now (maxValue in encode.go of package otp); a key may
// take 43, and takes 22; the TTL takes 7.
const maxNames = 100

// complete returns opts with their defaults, or an error that says what is wrong with the table.
func complete(table string, opts *Options) (Options, error) {
	if table == "" {
		return Options{}, errors.New("the name of the table is empty: it is required")
	}

	var o Options
	if opts != nil {
		o = *opts
	}
	o.PartitionKey = cmp.Or(o.PartitionKey, "pk")
	o.ValueAttribute = cmp.Or(o.ValueAttribute, "value")
	o.TTLAttribute = cmp.Or(o.TTLAttribute, "expires")
	if err := o.check(); err != nil {
		return Options{}, fmt.Errorf("table %q: %w", table, err)
	}
	return o, nil
}

// check returns an error that says what is wrong. o has its defaults.
func (o Options) check() error {
	if (o.SortKey == "") != (o.SortValue == "") {
		return fmt.Errorf("Options.SortKey is %q and SortValue is %q: "+
			"set both, or neither if the table has no sort key", o.SortKey, o.SortValue)
	}

	names := []string{o.PartitionKey, o.ValueAttribute, o.TTLAttribute}
	if o.SortKey != "" {
		names = append(names, o.SortKey)
	}

	size := len(o.SortValue) + len(o.KeyPrefix)
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("Options give two attributes the name %q", name)
		}
		size += len(name)
	}
	if size > maxNames {
		return fmt.Errorf("Options hold %d bytes of names, SortValue and KeyPrefix: "+
			"it must be at most %d, so that an item costs one write unit", size, maxNames)
	}
	return nil
}

// A Store keeps values in one DynamoDB table. It is an [otp.Store] and safe for concurrent use.
type Store struct {
	client API
	table  string
	opts   Options
}

var _ otp.Store = (*Store)(nil)

// LoadsFirst reports true. DynamoDB bills a refused write as one that wins, a write unit, which
// costs five times as much as the read unit of a Load. So a Send loads first: it would save a read
// unit for each new address, and lose a write unit for each that has a record.
func (*Store) LoadsFirst() bool { return true }

// New returns a Store on the table, which is given by name or ARN. Nil opts are the zero Options.
// New makes no request. Its error says which argument is bad, and why.
func New(client API, table string, opts *Options) (*Store, error) {
	if isnil.Value(client) {
		return nil, errors.New("dynamostore: the client is nil: it is required " +
			"(dynamodb.NewFromConfig)")
	}

	complete, err := complete(table, opts)
	if err != nil {
		return nil, fmt.Errorf("dynamostore: %w", err)
	}
	return &Store{client: client, table: table, opts: complete}, nil
}

// Load returns the value under key, or nil if there is none, by one strongly consistent GetItem. It
// returns an expired value as long as DynamoDB has not dropped it.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            s.key(key),
		ConsistentRead: aws.Bool(true),
		// With the key, an item without a value differs from no item.
		ProjectionExpression: aws.String("#key, #value"),
		ExpressionAttributeNames: map[string]string{
			"#key":   s.opts.PartitionKey,
			"#value": s.opts.ValueAttribute,
		},
	})
	if err != nil {
		return nil, s.explain(err)
	}
	if len(out.Item) == 0 {
		return nil, nil
	}

	value, ok := out.Item[s.opts.ValueAttribute].(*types.AttributeValueMemberB)
	if !ok || len(value.Value) == 0 {
		return nil, fmt.Errorf("dynamostore: table %q: an item under a key of this store has no "+
			"binary attribute %q: something else writes here, or Options.ValueAttribute has "+
			"changed; Options.KeyPrefix keeps items apart", s.table, s.opts.ValueAttribute)
	}
	return value.Value, nil
}

// CompareAndSwap stores new under key if the value there equals old, and reports whether it did, by
// one conditional PutItem. An empty old means that there is no item. The time to live is expires in
// whole seconds, rounded up.
//
// The SDK repeats a request whose reply was lost. If the first request was carried out, its own
// write breaks the condition of the second, and CompareAndSwap returns false, as after a lost race.
// An [otp.Service] recognizes its own write when it loads the value again.
func (s *Store) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (swapped bool, err error) {
	item := s.key(key)
	item[s.opts.ValueAttribute] = &types.AttributeValueMemberB{Value: new}
	if !expires.IsZero() {
		roundedUp := expires.Add(time.Second - 1).Unix()
		seconds := strconv.FormatInt(roundedUp, 10)
		item[s.opts.TTLAttribute] = &types.AttributeValueMemberN{Value: seconds}
	}

	in := &dynamodb.PutItemInput{TableName: &s.table, Item: item}
	if len(old) == 0 {
		// The condition is not on the value: an item of something else must not be replaced.
		in.ConditionExpression = aws.String("attribute_not_exists(#key)")
		in.ExpressionAttributeNames = map[string]string{"#key": s.opts.PartitionKey}
	} else {
		in.ConditionExpression = aws.String("#value = :old")
		in.ExpressionAttributeNames = map[string]string{"#value": s.opts.ValueAttribute}
		in.ExpressionAttributeValues = map[string]types.AttributeValue{
			":old": &types.AttributeValueMemberB{Value: old},
		}
	}

	_, err = s.client.PutItem(ctx, in)
	if _, lost := errors.AsType[*types.ConditionalCheckFailedException](err); lost {
		return false, nil
	}
	if err != nil {
		return false, s.explain(err)
	}
	return true, nil
}

// key returns the primary key of the item for key.
func (s *Store) key(key string) map[string]types.AttributeValue {
	k := map[string]types.AttributeValue{
		s.opts.PartitionKey: &types.AttributeValueMemberS{Value: s.opts.KeyPrefix + key},
	}
	if s.opts.SortKey != "" {
		k[s.opts.SortKey] = &types.AttributeValueMemberS{Value: s.opts.SortValue}
	}
	return k
}
