package dynamostore_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// Several processes may create the table as they start.
func TestCreateTable(t *testing.T) {
	client, table := servers.DynamoDB(t), servers.TableName()
	create := func(int) error { return dynamostore.CreateTable(t.Context(), client, table, nil) }
	for _, err := range parallel(4, create) {
		assert.NoError(t, err)
	}
	deleteAfter(t, table)
	require.NoError(t, create(0), "done again")

	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	require.NoError(t, err)
	assert.Equal(t, types.BillingModePayPerRequest, out.Table.BillingModeSummary.BillingMode)
	assert.Equal(t, "expires", ttlAttribute(t, client, table))

	store := newStore(t, client, table, nil)
	require.True(t, swap(t, store, nil, []byte("new"), time.Now().Add(time.Hour)))
}

// inOneTable are Options for a table that other things are in, too.
var inOneTable = &dynamostore.Options{PartitionKey: "PK", SortKey: "sk", SortValue: "otp",
	ValueAttribute: "v", TTLAttribute: "ttl", KeyPrefix: "otp#"}

// What New works on is what CreateTable makes, given the same Options.
func TestCreateTableByOptions(t *testing.T) {
	client, table := servers.DynamoDB(t), servers.TableName()
	for range 2 {
		err := dynamostore.CreateTable(t.Context(), client, table, inOneTable)
		require.NoError(t, err)
	}
	deleteAfter(t, table)

	assert.Equal(t, "ttl", ttlAttribute(t, client, table))
	store := newStore(t, client, table, inOneTable)
	require.True(t, swap(t, store, nil, []byte("new"), time.Now().Add(time.Hour)))
}

// ttlAttribute returns the name of the table's TTL attribute, "" if TTL is off.
func ttlAttribute(t *testing.T, client *dynamodb.Client, table string) string {
	t.Helper()

	in := &dynamodb.DescribeTimeToLiveInput{TableName: &table}
	out, err := client.DescribeTimeToLive(t.Context(), in)
	require.NoError(t, err)
	return aws.ToString(out.TimeToLiveDescription.AttributeName)
}

// turnOnTTL turns on the TTL of the table for the attribute.
func turnOnTTL(t *testing.T, client *dynamodb.Client, table, attribute string) {
	t.Helper()

	_, err := client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName: &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: &attribute,
			Enabled:       aws.Bool(true),
		},
	})
	require.NoError(t, err)
}

func TestCreateTableTurnsOnTTL(t *testing.T) {
	for name, overtaken := range map[string]bool{"alone": false, "overtaken": true} {
		t.Run(name, func(t *testing.T) {
			client := &fakeClient{Client: servers.DynamoDB(t), overtaken: overtaken}
			table := newTable(t, "pk")
			require.Empty(t, ttlAttribute(t, client.Client, table))

			require.NoError(t, dynamostore.CreateTable(t.Context(), client, table, nil))
			require.Equal(t, "expires", ttlAttribute(t, client.Client, table))
		})
	}
}

func TestCreateTableRefuses(t *testing.T) {
	client := servers.DynamoDB(t)
	otherTTL, numeric := newTable(t, "pk"), servers.TableName()
	turnOnTTL(t, client, otherTTL, "ttl")
	createTable(t, &dynamodb.CreateTableInput{
		TableName:   &numeric,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{
			AttributeName: aws.String("pk"),
			AttributeType: types.ScalarAttributeTypeN,
		}},
		KeySchema: []types.KeySchemaElement{{
			AttributeName: aws.String("pk"),
			KeyType:       types.KeyTypeHash,
		}},
	})

	for name, test := range map[string]struct {
		table string
		opts  *dynamostore.Options
		want  string
	}{
		"no name":             {"", nil, "the name of the table is empty"},
		"half a sort key":     {"table", &dynamostore.Options{SortKey: "sk"}, "set both"},
		"other partition key": {newTable(t, "id"), nil, `another key than "pk"`},
		"a sort key":          {newTable(t, "pk", "sk"), nil, `another key than "pk"`},
		"no sort key":         {newTable(t, "pk"), inOneTable, `with the sort key "sk"`},
		"numeric key":         {numeric, nil, `another key than "pk"`},
		"other TTL attribute": {otherTTL, nil, `"ttl"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := dynamostore.CreateTable(t.Context(), client, test.table, test.opts)
			require.ErrorContains(t, err, test.want)
			if test.table != "" {
				require.ErrorContains(t, err, `"`+test.table+`"`)
			}
		})
	}
}
