package dynamostore_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

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

func TestContract(t *testing.T) {
	t.Run("own table", func(t *testing.T) {
		otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) {
			table := newTable(tb, "pk")
			return newStore(tb, servers.DynamoDB(tb), table, nil), newStore(tb, servers.DynamoDB(tb), table, nil)
		})
	})
	t.Run("single table", func(t *testing.T) {
		otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) {
			table := newTable(tb, "PK", "SK")
			return newStore(tb, servers.DynamoDB(tb), table, singleTable), newStore(tb, servers.DynamoDB(tb), table, singleTable)
		})
	})
}

func TestItem(t *testing.T) {
	expires := time.Unix(1_700_000_000, 0)
	for name, test := range map[string]struct {
		key     []string
		opts    *dynamostore.Options
		expires time.Time
		want    item
	}{
		"default": {[]string{"pk"}, nil, expires, item{
			"pk":      &types.AttributeValueMemberS{Value: "key"},
			"value":   &types.AttributeValueMemberB{Value: []byte("new")},
			"expires": &types.AttributeValueMemberN{Value: "1700000000"},
		}},
		"rounded up": {[]string{"pk"}, nil, expires.Add(1), item{
			"pk":      &types.AttributeValueMemberS{Value: "key"},
			"value":   &types.AttributeValueMemberB{Value: []byte("new")},
			"expires": &types.AttributeValueMemberN{Value: "1700000001"},
		}},
		"kept for good": {[]string{"pk"}, nil, time.Time{}, item{
			"pk":    &types.AttributeValueMemberS{Value: "key"},
			"value": &types.AttributeValueMemberB{Value: []byte("new")},
		}},
		"single table": {[]string{"PK", "SK"}, singleTable, expires, item{
			"PK":   &types.AttributeValueMemberS{Value: "OTP#key"},
			"SK":   &types.AttributeValueMemberS{Value: "otp"},
			"data": &types.AttributeValueMemberB{Value: []byte("new")},
			"ttl":  &types.AttributeValueMemberN{Value: "1700000000"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable(t, test.key...)
			store := newStore(t, servers.DynamoDB(t), table, test.opts)
			// The first expiry does not survive the second swap.
			swap(t, store, nil, []byte("old"), expires.Add(time.Hour), true)
			swap(t, store, []byte("old"), []byte("new"), test.expires, true)
			items := scan(t, table)
			if len(items) != 1 || !reflect.DeepEqual(items[0], test.want) {
				t.Errorf("the table holds %v, want %v", items, test.want)
			}
		})
	}
}

// swap calls CompareAndSwap under the key "key" and wants the result.
func swap(t *testing.T, s *dynamostore.Store, old, new []byte, expires time.Time, want bool) {
	t.Helper()
	if swapped, err := s.CompareAndSwap(t.Context(), "key", old, new, expires); swapped != want || err != nil {
		t.Fatalf("CompareAndSwap returned %v, %v; want %v", swapped, err, want)
	}
}

// An item that the store did not write is neither taken for nothing nor replaced.
func TestForeignItem(t *testing.T) {
	for name, foreign := range map[string]item{
		"without a value":         {"owner": &types.AttributeValueMemberS{Value: "ada"}},
		"value of another type":   {"value": &types.AttributeValueMemberS{Value: "text"}},
		"value without a content": {"value": &types.AttributeValueMemberB{Value: []byte{}}},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable(t, "pk")
			store := newStore(t, servers.DynamoDB(t), table, nil)
			foreign["pk"] = &types.AttributeValueMemberS{Value: "key"}
			put(t, table, foreign)
			value, err := store.Load(t.Context(), "key")
			if value != nil || err == nil || !strings.Contains(err.Error(), table) || !strings.Contains(err.Error(), `"value"`) {
				t.Errorf("Load returned %q, %v; want an error that names table and attribute", value, err)
			}
			swap(t, store, nil, []byte("new"), time.Time{}, false)
			swap(t, store, []byte("old"), []byte("new"), time.Time{}, false)
			if items := scan(t, table); !reflect.DeepEqual(items, []item{foreign}) {
				t.Errorf("the item is now %v", items)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	client := dynamodb.New(dynamodb.Options{})
	for name, test := range map[string]struct {
		client dynamostore.API
		table  string
		opts   dynamostore.Options
		want   string
	}{
		"no client":         {nil, "otp", dynamostore.Options{}, "client is nil"},
		"no table":          {client, "", dynamostore.Options{}, "table is empty"},
		"no sort value":     {client, "otp", dynamostore.Options{SortKey: "SK"}, "SortValue"},
		"no sort key":       {client, "otp", dynamostore.Options{SortValue: "otp"}, "SortKey"},
		"equal names":       {client, "otp", dynamostore.Options{ValueAttribute: "v", TTLAttribute: "v"}, `"v"`},
		"name of a default": {client, "otp", dynamostore.Options{PartitionKey: "expires"}, `"expires"`},
		"sort key":          {client, "otp", dynamostore.Options{SortKey: "pk", SortValue: "otp"}, `"pk"`},
		"long prefix":       {client, "otp", dynamostore.Options{KeyPrefix: strings.Repeat("p", 87)}, "101 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := dynamostore.New(test.client, test.table, &test.opts)
			if store != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New returned %v, %v; want an error with %q", store, err, test.want)
			}
		})
	}
}

// New keeps no reference to its Options.
func TestNewCopiesOptions(t *testing.T) {
	table, opts := newTable(t, "pk"), dynamostore.Options{}
	store := newStore(t, servers.DynamoDB(t), table, &opts)
	if opts != (dynamostore.Options{}) {
		t.Errorf("New has changed the options to %+v", opts)
	}
	opts.KeyPrefix = "changed"
	swap(t, store, nil, []byte("new"), time.Time{}, true)
	if got := scan(t, table)[0]["pk"].(*types.AttributeValueMemberS).Value; got != "key" {
		t.Errorf("the item's key is %q", got)
	}
}

func TestErrorsNameTheTableAndWhatToDo(t *testing.T) {
	denied := &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "GetItem", Err: &smithy.GenericAPIError{
		Code: "AccessDeniedException", Message: "User: arn:aws:iam::123456789012:user/ada is not authorized"}}
	missing := servers.TableName()
	otherKey, withSortKey := newTable(t, "id"), newTable(t, "pk", "sk")
	for name, test := range map[string]struct {
		client dynamostore.API
		table  string
		code   string
		want   []string
	}{
		"missing table":       {servers.DynamoDB(t), missing, "ResourceNotFoundException", []string{"does not exist", "CreateTable"}},
		"other partition key": {servers.DynamoDB(t), otherKey, "ValidationException", []string{`"pk" (string) without a sort key`, "Options"}},
		"unexpected sort key": {servers.DynamoDB(t), withSortKey, "ValidationException", []string{`"pk" (string) without a sort key`, "Options"}},
		"denied access":       {failing{denied}, "otp", "AccessDeniedException", []string{"dynamodb:GetItem", "dynamodb:PutItem"}},
	} {
		t.Run(name, func(t *testing.T) {
			const key, value = "Qm9iJ3Mga2V5", "Qm9iJ3MgdmFsdWU"
			store := newStore(t, test.client, test.table, nil)
			_, loadErr := store.Load(t.Context(), key)
			_, createErr := store.CompareAndSwap(t.Context(), key, nil, []byte(value), time.Time{})
			_, swapErr := store.CompareAndSwap(t.Context(), key, []byte(value), []byte(value), time.Time{})
			for call, err := range map[string]error{"Load": loadErr, "CompareAndSwap without old": createErr, "CompareAndSwap": swapErr} {
				api, ok := errors.AsType[smithy.APIError](err)
				if !ok || api.ErrorCode() != test.code {
					t.Fatalf("%s: the error is %v: no %s is found in it", call, err, test.code)
				}
				for _, part := range append(test.want, `table "`+test.table+`"`) {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s: the error has no %q: %v", call, part, err)
					}
				}
				if strings.Contains(err.Error(), key) || strings.Contains(err.Error(), value) {
					t.Errorf("%s: the error holds a key or a value: %v", call, err)
				}
			}
		})
	}
}

// failing is a client whose every request fails.
type failing struct{ err error }

func (f failing) GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return nil, f.err
}

func (f failing) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return nil, f.err
}

func TestEndedContext(t *testing.T) {
	store := newStore(t, servers.DynamoDB(t), newTable(t, "pk"), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Load(ctx, "key"); !errors.Is(err, context.Canceled) {
		t.Errorf("Load returned %v", err)
	}
	if _, err := store.CompareAndSwap(ctx, "key", nil, []byte("new"), time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("CompareAndSwap returned %v", err)
	}
}
