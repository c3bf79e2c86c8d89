package dynamodb

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

// What many a store on DynamoDB has done.
var faultyClients = map[string]func(*dynamodb.Client) dynamostore.API{
	"GetItem, then PutItem": func(db *dynamodb.Client) dynamostore.API { return unguarded{db} },
}

// unguarded compares in one request and writes in the next.
type unguarded struct{ *dynamodb.Client }

func (c unguarded) PutItem(
	ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options),
) (*dynamodb.PutItemOutput, error) {
	out, err := c.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: in.TableName, Key: map[string]types.AttributeValue{"pk": in.Item["pk"]}})
	if err != nil {
		return nil, err
	}

	want, _ := in.ExpressionAttributeValues[":old"].(*types.AttributeValueMemberB)
	have, _ := out.Item["value"].(*types.AttributeValueMemberB)
	if (want == nil) != (have == nil) || want != nil && string(want.Value) != string(have.Value) {
		return nil, &types.ConditionalCheckFailedException{}
	}
	plain := &dynamodb.PutItemInput{TableName: in.TableName, Item: in.Item}
	return c.Client.PutItem(ctx, plain, opts...)
}

// What the tests are for must make them fail.
func TestFaultyStoresAreCaught(t *testing.T) {
	for name := range faultyClients {
		t.Run(name, func(t *testing.T) {
			db := newTable(t, name)
			err := harness.Crowd(t, db)
			require.Error(t, err)
			require.Regexp(t, `Failed:0 Failure:\}, want`, err.Error())
			t.Log(err)
		})
	}
}
