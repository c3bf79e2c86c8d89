package dynamostore_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// Several processes may create the table as they start.
func TestCreateTable(t *testing.T) {
	client, table := servers.DynamoDB(t), servers.TableName()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := dynamostore.CreateTable(t.Context(), client, table); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	deleteAfter(t, table)
	if err := dynamostore.CreateTable(t.Context(), client, table); err != nil {
		t.Fatalf("done again: %v", err)
	}

	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	if mode := out.Table.BillingModeSummary.BillingMode; mode != types.BillingModePayPerRequest {
		t.Errorf("the billing mode is %s", mode)
	}
	if name := ttlAttribute(t, client, table); name != "expires" {
		t.Errorf("the TTL attribute is %q", name)
	}
	store := newStore(t, client, table, nil)
	swap(t, store, nil, []byte("new"), time.Now().Add(time.Hour), true)
}

// ttlAttribute returns the name of the table's TTL attribute, "" if TTL is off.
func ttlAttribute(t *testing.T, client *dynamodb.Client, table string) string {
	t.Helper()
	out, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.TimeToLiveDescription.AttributeName)
}

func TestCreateTableTurnsOnTTL(t *testing.T) {
	client, table := servers.DynamoDB(t), newTable(t, "pk")
	if name := ttlAttribute(t, client, table); name != "" {
		t.Fatalf("the TTL attribute was %q before", name)
	}
	if err := dynamostore.CreateTable(t.Context(), client, table); err != nil {
		t.Fatal(err)
	}
	if name := ttlAttribute(t, client, table); name != "expires" {
		t.Errorf("the TTL attribute is %q", name)
	}
}

// overtaken is a client whose TTL is turned on by another just before.
type overtaken struct{ *dynamodb.Client }

func (o overtaken) UpdateTimeToLive(ctx context.Context, in *dynamodb.UpdateTimeToLiveInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error) {
	if _, err := o.Client.UpdateTimeToLive(ctx, in, opts...); err != nil {
		return nil, err
	}
	return o.Client.UpdateTimeToLive(ctx, in, opts...)
}

func TestCreateTableOvertaken(t *testing.T) {
	if err := dynamostore.CreateTable(t.Context(), overtaken{servers.DynamoDB(t)}, newTable(t, "pk")); err != nil {
		t.Error(err)
	}
}

func TestCreateTableRefuses(t *testing.T) {
	client := servers.DynamoDB(t)
	otherTTL := newTable(t, "pk")
	_, err := client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName:               &otherTTL,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	numeric := servers.TableName()
	_, err = client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &numeric,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	deleteAfter(t, numeric)

	for name, test := range map[string]struct{ table, want string }{
		"no name":             {"", "empty"},
		"other partition key": {newTable(t, "id"), `another key than "pk"`},
		"sort key":            {newTable(t, "pk", "sk"), `another key than "pk"`},
		"numeric key":         {numeric, `another key than "pk"`},
		"other TTL attribute": {otherTTL, `"ttl"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := dynamostore.CreateTable(t.Context(), client, test.table)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `"`+test.table+`"`) {
				t.Errorf("the error is %v: it must name the table and say %q", err, test.want)
			}
		})
	}
}
