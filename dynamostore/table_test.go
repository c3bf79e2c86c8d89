package dynamostore_test

import (
	"sync"
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

// Several processes may create the table as they start. What New works on is what CreateTable
// makes, given the same Options.
func TestCreateTable(t *testing.T) {
	for ttl, opts := range map[string]*dynamostore.Options{"expires": nil, "ttl": singleTable} {
		t.Run(ttl, func(t *testing.T) {
			client, table := servers.DynamoDB(t), servers.TableName()
			create := func() {
				assert.NoError(t, dynamostore.CreateTable(t.Context(), client, table, opts))
			}
			var processes sync.WaitGroup
			for range 4 {
				processes.Go(create)
			}
			processes.Wait()
			deleteAfter(t, table)
			create()

			out, err := client.DescribeTable(t.Context(),
				&dynamodb.DescribeTableInput{TableName: &table})
			require.NoError(t, err)
			assert.Equal(t, types.BillingModePayPerRequest,
				out.Table.BillingModeSummary.BillingMode)
			assert.Equal(t, ttl, ttlAttribute(t, client, table))
			store := newStore(t, client, table, opts)
			require.True(t, swap(t, store, nil, []byte("new"), time.Now().Add(time.Hour)))
		})
	}
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
	createTable(t, numeric, types.ScalarAttributeTypeN, "pk")

	for name, test := range map[string]struct {
		table string
		opts  *dynamostore.Options
		want  string
	}{
		"no name":             {"", nil, "the name of the table is empty"},
		"half a sort key":     {"table", &dynamostore.Options{SortKey: "sk"}, "set both"},
		"other partition key": {newTable(t, "id"), nil, `another key than "pk"`},
		"a sort key":          {newTable(t, "pk", "sk"), nil, `another key than "pk"`},
		"no sort key":         {newTable(t, "pk"), singleTable, `with the sort key "SK"`},
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
