package dynamodb

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

// BenchmarkPair compares with the same four requests made by hand.
func BenchmarkPair(b *testing.B) {
	table := newTable(b, bySDK)
	harness.Latency(b, table.Open(b), 1.05, bare(client(table.Source)))
}

// bare makes the requests that a store makes.
func bare(db *dynamodb.Client, table string) harness.Bare {
	return func(ctx context.Context, key string, sent, used []byte) error {
		id := &types.AttributeValueMemberS{Value: key}
		get := func() error {
			_, err := db.GetItem(ctx, &dynamodb.GetItemInput{
				TableName:                &table,
				Key:                      map[string]types.AttributeValue{"pk": id},
				ConsistentRead:           aws.Bool(true),
				ProjectionExpression:     aws.String("#key, #value"),
				ExpressionAttributeNames: map[string]string{"#key": "pk", "#value": "value"},
			})
			return err
		}
		put := func(in dynamodb.PutItemInput, value []byte) error {
			expires := time.Now().Add(24 * time.Hour).Unix()
			in.TableName = &table
			in.Item = map[string]types.AttributeValue{
				"pk":      id,
				"value":   &types.AttributeValueMemberB{Value: value},
				"expires": &types.AttributeValueMemberN{Value: strconv.FormatInt(expires, 10)},
			}
			_, err := db.PutItem(ctx, &in)
			return err
		}

		if err := get(); err != nil {
			return err
		}
		err := put(dynamodb.PutItemInput{
			ConditionExpression:      aws.String("attribute_not_exists(#key)"),
			ExpressionAttributeNames: map[string]string{"#key": "pk"},
		}, sent)
		if err != nil {
			return err
		}

		if err := get(); err != nil {
			return err
		}
		return put(dynamodb.PutItemInput{
			ConditionExpression:      aws.String("#value = :old"),
			ExpressionAttributeNames: map[string]string{"#value": "value"},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":old": &types.AttributeValueMemberB{Value: sent}},
		}, used)
	}
}
