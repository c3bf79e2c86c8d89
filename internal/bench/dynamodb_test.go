package bench

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// A pair on DynamoDB Local beside the same four requests made by hand.
func TestDynamoDBPair(t *testing.T) {
	db := servers.DynamoDB(t)
	table := newTable(t, db)
	recorded := &recorder{Client: db}
	store, err := dynamostore.New(recorded, table, nil)
	require.NoError(t, err)
	c := newClient(t, store)

	c.pair(t, c.address()) // connects, and shows the sizes of the values
	sent, spent := recorded.values[0], recorded.values[1]
	bare(t, db, table, "warm", sent, spent)

	const turn = 10
	var ours, theirs []time.Duration
	for round := range rounds(400, 4) {
		for range turn {
			to := c.address()
			begin := time.Now()
			c.pair(t, to)
			ours = append(ours, time.Since(begin))
		}
		for i := range turn {
			key := fmt.Sprintf("%022d", round*turn+i)
			begin := time.Now()
			bare(t, db, table, key, sent, spent)
			theirs = append(theirs, time.Since(begin))
		}
	}

	t.Logf("a pair: %v; the bare requests: %v",
		time.Duration(median(ours)), time.Duration(median(theirs)))
	atMost(t, "DynamoDB pair / bare SDK", median(ours)/median(theirs), 1.05)
}

// bare makes the requests that Send and Verify of one code make, with values of these sizes.
func bare(t *testing.T, db *dynamodb.Client, table, key string, sentSize, spentSize int) {
	t.Helper()

	sent, spent := make([]byte, sentSize), make([]byte, spentSize)
	get := func() {
		_, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName:                &table,
			Key:                      map[string]types.AttributeValue{"pk": text(key)},
			ConsistentRead:           aws.Bool(true),
			ProjectionExpression:     aws.String("#key, #value"),
			ExpressionAttributeNames: map[string]string{"#key": "pk", "#value": "value"},
		})
		require.NoError(t, err)
	}
	put := func(in dynamodb.PutItemInput, value []byte) {
		expires := time.Now().Add(24 * time.Hour).Unix()
		in.TableName = &table
		in.Item = map[string]types.AttributeValue{
			"pk":      text(key),
			"value":   &types.AttributeValueMemberB{Value: value},
			"expires": &types.AttributeValueMemberN{Value: strconv.FormatInt(expires, 10)},
		}
		_, err := db.PutItem(t.Context(), &in)
		require.NoError(t, err)
	}

	get()
	put(dynamodb.PutItemInput{
		ConditionExpression:      aws.String("attribute_not_exists(#key)"),
		ExpressionAttributeNames: map[string]string{"#key": "pk"},
	}, sent)
	get()
	put(dynamodb.PutItemInput{
		ConditionExpression:      aws.String("#value = :old"),
		ExpressionAttributeNames: map[string]string{"#value": "value"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":old": &types.AttributeValueMemberB{Value: sent}},
	}, spent)
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// What operations take of DynamoDB: one consistent read, and a write unit where something is
// recorded.
func TestCapacity(t *testing.T) {
	db := servers.DynamoDB(t)
	recorded := &recorder{Client: db}
	store, err := dynamostore.New(recorded, newTable(t, db), nil)
	require.NoError(t, err)
	c := newClient(t, store)
	to := c.address()

	spent := func(call func()) consumption {
		recorded.consumption = consumption{}
		call()
		return recorded.consumption
	}
	send := func() {
		_, err := c.Send(t.Context(), otp.Request{To: to})
		require.NoError(t, err)
	}
	verify := func(code string) func() {
		return func() { c.Verify(t.Context(), otp.Submission{To: to, Code: code}) }
	}

	require.Equal(t, consumption{2, 1, 1}, spent(send))
	require.Equal(t, consumption{2, 1, 1}, spent(verify(other(c.code))), "a wrong code")
	require.Equal(t, consumption{2, 1, 1}, spent(verify(c.code)))
	require.Equal(t, consumption{1, 1, 0}, spent(verify(c.code)), "a used code")
	to = c.address()
	require.Equal(t, consumption{1, 1, 0}, spent(verify(c.code)), "no code")
}

// other returns a code with another first digit.
func other(code string) string {
	return string('0'+(code[0]-'0'+1)%10) + code[1:]
}

type consumption struct {
	requests      int
	read, written float64
}

// A recorder asks DynamoDB what each request has consumed, and notes the sizes of values. It serves
// one goroutine.
type recorder struct {
	*dynamodb.Client
	consumption
	values []int
}

func (r *recorder) GetItem(
	ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options),
) (*dynamodb.GetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := r.Client.GetItem(ctx, in, opts...)
	r.requests++
	if out != nil && out.ConsumedCapacity != nil {
		r.read += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

func (r *recorder) PutItem(
	ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options),
) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := r.Client.PutItem(ctx, in, opts...)
	r.requests++
	r.values = append(r.values, len(in.Item["value"].(*types.AttributeValueMemberB).Value))
	if out != nil && out.ConsumedCapacity != nil {
		r.written += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

func newTable(t *testing.T, db *dynamodb.Client) string {
	t.Helper()

	table := servers.TableName()
	require.NoError(t, dynamostore.CreateTable(t.Context(), db, table, nil))
	return table
}
