package dynamostore_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// newTable returns the name of a new table with the given key, all of it strings, and no TTL: what has expired stays.
func newTable(tb testing.TB, key ...string) string {
	tb.Helper()
	client, name := servers.DynamoDB(tb), servers.TableName()
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	for i, attribute := range key {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: &attribute, AttributeType: types.ScalarAttributeTypeS})
		in.KeySchema = append(in.KeySchema,
			types.KeySchemaElement{AttributeName: &attribute, KeyType: []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i]})
	}
	if _, err := client.CreateTable(tb.Context(), in); err != nil {
		tb.Fatal(err)
	}
	deleteAfter(tb, name)
	return name
}

// deleteAfter deletes the table at the end of the test.
func deleteAfter(tb testing.TB, table string) {
	client := servers.DynamoDB(tb)
	tb.Cleanup(func() {
		if _, err := client.DeleteTable(context.WithoutCancel(tb.Context()), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			tb.Error(err)
		}
	})
}

// newStore returns a store on the table.
func newStore(tb testing.TB, client dynamostore.API, table string, opts *dynamostore.Options) *dynamostore.Store {
	tb.Helper()
	store, err := dynamostore.New(client, table, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

type item map[string]types.AttributeValue

// scan returns all items of the table.
func scan(tb testing.TB, table string) []item {
	tb.Helper()
	out, err := servers.DynamoDB(tb).Scan(tb.Context(), &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		tb.Fatal(err)
	}
	items := make([]item, len(out.Items))
	for i := range out.Items {
		items[i] = out.Items[i]
	}
	return items
}

// put writes an item behind the back of the store.
func put(tb testing.TB, table string, i item) {
	tb.Helper()
	if _, err := servers.DynamoDB(tb).PutItem(tb.Context(), &dynamodb.PutItemInput{TableName: &table, Item: i}); err != nil {
		tb.Fatal(err)
	}
}
