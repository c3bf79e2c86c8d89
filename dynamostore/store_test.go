package dynamostore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

var singleTable = &dynamostore.Options{
	PartitionKey:   "PK",
	SortKey:        "SK",
	SortValue:      "otp",
	ValueAttribute: "data",
	TTLAttribute:   "ttl",
	KeyPrefix:      "OTP#",
}

// The store uses every one of its Options here. All other tests use none.
func TestStore(t *testing.T) {
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) {
		table := newTable(tb, "PK", "SK")
		return newStore(tb, servers.DynamoDB(tb), table, singleTable),
			newStore(tb, servers.DynamoDB(tb), table, singleTable)
	})
}

func TestItem(t *testing.T) {
	expires := time.Unix(1_700_000_000, 0)
	year2200 := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

	for name, test := range map[string]struct {
		key     []string
		opts    *dynamostore.Options
		expires time.Time
		want    item
	}{
		"default": {[]string{"pk"}, nil, expires, item{
			"pk": text("key"), "value": binary("new"), "expires": number("1700000000"),
		}},
		"rounded up": {[]string{"pk"}, nil, expires.Add(1), item{
			"pk": text("key"), "value": binary("new"), "expires": number("1700000001"),
		}},
		"beyond 32 bits": {[]string{"pk"}, nil, year2200, item{
			"pk": text("key"), "value": binary("new"), "expires": number("7258118400"),
		}},
		"kept for good": {[]string{"pk"}, nil, time.Time{}, item{
			"pk": text("key"), "value": binary("new"),
		}},
		"single table": {[]string{"PK", "SK"}, singleTable, expires, item{
			"PK": text("OTP#key"), "SK": text("otp"),
			"data": binary("new"), "ttl": number("1700000000"),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable(t, test.key...)
			store := newStore(t, servers.DynamoDB(t), table, test.opts)

			// The first expiry does not survive the second swap.
			require.True(t, swap(t, store, nil, []byte("old"), expires.Add(time.Hour)))
			require.True(t, swap(t, store, []byte("old"), []byte("new"), test.expires))
			require.Equal(t, test.want, scan(t, table))
		})
	}
}

// swap calls CompareAndSwap under the key "key".
func swap(t *testing.T, s *dynamostore.Store, old, new []byte, expires time.Time) bool {
	t.Helper()

	swapped, err := s.CompareAndSwap(t.Context(), "key", old, new, expires)
	require.NoError(t, err)
	return swapped
}

// An item that the store did not write is not taken for "no value", and is not replaced.
func TestForeignItem(t *testing.T) {
	for name, foreign := range map[string]item{
		"without a value":       {"pk": text("key"), "owner": text("ada")},
		"value of another type": {"pk": text("key"), "value": text("text")},
		"empty value":           {"pk": text("key"), "value": binary("")},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable(t, "pk")
			store := newStore(t, servers.DynamoDB(t), table, nil)
			_, err := servers.DynamoDB(t).PutItem(t.Context(),
				&dynamodb.PutItemInput{TableName: &table, Item: foreign})
			require.NoError(t, err)

			value, err := store.Load(t.Context(), "key")
			require.ErrorContains(t, err, table)
			require.ErrorContains(t, err, `"value"`)
			require.Nil(t, value)

			require.False(t, swap(t, store, nil, []byte("new"), time.Time{}))
			require.False(t, swap(t, store, []byte("old"), []byte("new"), time.Time{}))
			require.Equal(t, foreign, scan(t, table))
		})
	}
}

func TestNewRefuses(t *testing.T) {
	client := dynamodb.New(dynamodb.Options{})
	type options = dynamostore.Options
	long := strings.Repeat("p", 87)

	for name, test := range map[string]struct {
		client dynamostore.API
		table  string
		opts   options
		want   string
	}{
		"no client":         {nil, "otp", options{}, "client is nil"},
		"a nil client":      {(*dynamodb.Client)(nil), "otp", options{}, "client is nil"},
		"no table":          {client, "", options{}, "table is empty"},
		"no sort value":     {client, "otp", options{SortKey: "SK"}, "SortValue"},
		"no sort key":       {client, "otp", options{SortValue: "otp"}, "SortKey"},
		"equal names":       {client, "otp", options{TTLAttribute: "value"}, `"value"`},
		"name of a default": {client, "otp", options{PartitionKey: "expires"}, `"expires"`},
		"sort key":          {client, "otp", options{SortKey: "pk", SortValue: "otp"}, `"pk"`},
		"long prefix":       {client, "otp", options{KeyPrefix: long}, "101 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := dynamostore.New(test.client, test.table, &test.opts)
			require.ErrorContains(t, err, test.want)
			require.Nil(t, store)
		})
	}
}

// New neither changes nor keeps its Options.
func TestNewCopiesOptions(t *testing.T) {
	table, opts := newTable(t, "pk"), dynamostore.Options{}
	store := newStore(t, servers.DynamoDB(t), table, &opts)
	require.Zero(t, opts)

	opts.KeyPrefix = "changed"
	require.True(t, swap(t, store, nil, []byte("new"), time.Time{}))
	require.Equal(t, text("key"), scan(t, table)["pk"])
}

// The bounds of what a Service stores: of a value, for all versions to come, and of a key.
const (
	maxValue = 868
	maxKey   = 43
)

// Whatever New accepts, the largest value makes an item of one write unit.
func TestLargestItem(t *testing.T) {
	opts := &dynamostore.Options{
		SortKey: "SK", SortValue: "otp", KeyPrefix: strings.Repeat("p", 81),
	}
	client := &fakeClient{Client: servers.DynamoDB(t)}
	table := newTable(t, "pk", "SK")
	store := newStore(t, client, table, opts)

	key, value := strings.Repeat("k", maxKey), make([]byte, maxValue)
	tenDigits := time.Date(2286, 11, 20, 17, 46, 39, 0, time.UTC)
	swapped, err := store.CompareAndSwap(t.Context(), key, nil, value, tenDigits)
	require.NoError(t, err)
	require.True(t, swapped)

	assert.Equal(t, "0 reads of 0 units, 1 writes of 1 units", client.cost())
	assert.Equal(t, 1017, itemSize(scan(t, table)))
}

// itemSize returns the size of an item by which DynamoDB charges. Its numbers have ten digits.
func itemSize(i item) (size int) {
	for name, attribute := range i {
		size += len(name)
		switch a := attribute.(type) {
		case *types.AttributeValueMemberS:
			size += len(a.Value)
		case *types.AttributeValueMemberB:
			size += len(a.Value)
		case *types.AttributeValueMemberN:
			size += (len(a.Value)+1)/2 + 1
		}
	}
	return size
}
