package dynamostore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

const to = "ada@example.com"

// newTable returns the name of a new table with the given key, whose attributes are strings. It has
// no TTL, so expired items stay.
func newTable(tb testing.TB, key ...string) string {
	tb.Helper()
	name := servers.TableName()
	createTable(tb, name, types.ScalarAttributeTypeS, key...)
	return name
}

// createTable creates a table whose key has a type, and deletes it at the end of the test.
func createTable(tb testing.TB, name string, kind types.ScalarAttributeType, key ...string) {
	tb.Helper()
	in := &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
	}
	for i, attribute := range key {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: &attribute, AttributeType: kind})
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{
			AttributeName: &attribute,
			KeyType:       []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i],
		})
	}

	_, err := servers.DynamoDB(tb).CreateTable(tb.Context(), in)
	require.NoError(tb, err)
	deleteAfter(tb, name)
}

// deleteAfter deletes the table at the end of the test.
func deleteAfter(tb testing.TB, table string) {
	client := servers.DynamoDB(tb)

	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table})
		assert.NoError(tb, err)
	})
}

// newStore returns a store on the table.
func newStore(
	tb testing.TB, client dynamostore.API, table string, opts *dynamostore.Options,
) *dynamostore.Store {
	tb.Helper()

	store, err := dynamostore.New(client, table, opts)
	require.NoError(tb, err)
	return store
}

type item map[string]types.AttributeValue

// The attributes of an item.
func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func binary(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

// scan returns the only item of the table.
func scan(tb testing.TB, table string) item {
	tb.Helper()

	in := &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)}
	out, err := servers.DynamoDB(tb).Scan(tb.Context(), in)
	require.NoError(tb, err)
	require.Len(tb, out.Items, 1)
	return out.Items[0]
}

// A fakeClient passes calls on to a client, counts what they cost and injects faults.
type fakeClient struct {
	*dynamodb.Client

	err       error // of every GetItem and PutItem, in place of calling the client
	overtaken bool  // another process turns the TTL on just before each UpdateTimeToLive

	reads, writes         int
	readUnits, writeUnits float64
}

func (c *fakeClient) GetItem(
	ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options),
) (*dynamodb.GetItemOutput, error) {
	if c.err != nil {
		return nil, c.err
	}

	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := c.Client.GetItem(ctx, in, opts...)
	c.reads++
	if err == nil {
		c.readUnits += *out.ConsumedCapacity.CapacityUnits
	}
	return out, err
}

func (c *fakeClient) PutItem(
	ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options),
) (*dynamodb.PutItemOutput, error) {
	if c.err != nil {
		return nil, c.err
	}

	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := c.Client.PutItem(ctx, in, opts...)
	c.writes++
	if err == nil {
		c.writeUnits += *out.ConsumedCapacity.CapacityUnits
	}
	return out, err
}

func (c *fakeClient) UpdateTimeToLive(
	ctx context.Context, in *dynamodb.UpdateTimeToLiveInput, opts ...func(*dynamodb.Options),
) (*dynamodb.UpdateTimeToLiveOutput, error) {
	if c.overtaken {
		if _, err := c.Client.UpdateTimeToLive(ctx, in, opts...); err != nil {
			return nil, err
		}
	}
	return c.Client.UpdateTimeToLive(ctx, in, opts...)
}

// cost returns what was counted, and starts again from zero.
func (c *fakeClient) cost() string {
	s := fmt.Sprintf("%d reads of %v units, %d writes of %v units", c.reads, c.readUnits, c.writes,
		c.writeUnits)
	c.reads, c.writes, c.readUnits, c.writeUnits = 0, 0, 0, 0
	return s
}

// send sends a code.
func send(t *testing.T, s *otp.Service, r otp.Request) {
	t.Helper()

	_, err := s.Send(t.Context(), r)
	require.NoError(t, err)
}

// submit submits a code without a Binding.
func submit(t *testing.T, s *otp.Service, to, code string) error {
	return s.Verify(t.Context(), otp.Submission{To: to, Code: code})
}

// wrong returns a code that is not the given one.
func wrong(code string) string {
	first := (code[0]-'0'+1)%10 + '0'
	return string(first) + code[1:]
}
