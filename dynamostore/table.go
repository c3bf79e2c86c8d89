package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TableAPI is what CreateTable calls. *dynamodb.Client is one. The IAM actions have the same names.
type TableAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (
		*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (
		*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(
		context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options),
	) (*dynamodb.DescribeTimeToLiveOutput, error)
	UpdateTimeToLive(
		context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options),
	) (*dynamodb.UpdateTimeToLiveOutput, error)
}

// maxCreation bounds how long CreateTable waits for the table. Most take a few seconds.
const maxCreation = 5 * time.Minute

// CreateTable creates the table that [New] works on, given the same opts: paid per request, with
// TTL, and otherwise with the defaults of DynamoDB. It returns once the table can be used, after 5
// minutes at most. It is for development, for tests, and for those who set up tables by program.
// The package documentation has the table of the zero Options for CloudFormation and Terraform.
//
// If the table exists, CreateTable makes sure that it fits, turns its TTL on if that is off, and
// changes nothing else. It is an error if the table has another key or another TTL attribute.
func CreateTable(ctx context.Context, client TableAPI, table string, opts *Options) error {
	o, err := complete(table, opts)
	if err != nil {
		return fmt.Errorf("dynamostore: create table: %w", err)
	}
	if err := createTable(ctx, client, table, o); err != nil {
		return fmt.Errorf("dynamostore: create table %q: %w", table, err)
	}
	return nil
}

func createTable(ctx context.Context, client TableAPI, table string, o Options) error {
	in := &dynamodb.CreateTableInput{TableName: &table, BillingMode: types.BillingModePayPerRequest}
	for i, attribute := range o.key() {
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{
			AttributeName: &attribute,
			KeyType:       []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i],
		})
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: &attribute,
			AttributeType: types.ScalarAttributeTypeS,
		})
	}
	_, err := client.CreateTable(ctx, in)
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
		return err
	}

	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Second, 5*time.Second
	})
	describe := &dynamodb.DescribeTableInput{TableName: &table}
	out, err := waiter.WaitForOutput(ctx, describe, maxCreation)
	if err != nil {
		return fmt.Errorf("waiting until it is active: %w", err)
	}
	if !o.fit(out.Table) {
		return fmt.Errorf("it exists with another key than %s: "+
			"take another name, or describe its key in Options", o.keySchema())
	}
	return turnOnTTL(ctx, client, table, o.TTLAttribute)
}

// key returns the attributes of the primary key.
func (o Options) key() []string {
	if o.SortKey == "" {
		return []string{o.PartitionKey}
	}
	return []string{o.PartitionKey, o.SortKey}
}

// fit reports whether the key of the table is the one that o describe.
func (o Options) fit(t *types.TableDescription) bool {
	kinds := map[string]types.ScalarAttributeType{}
	for _, d := range t.AttributeDefinitions {
		kinds[aws.ToString(d.AttributeName)] = d.AttributeType
	}

	var key []string
	for _, element := range t.KeySchema { // the partition key first
		name := aws.ToString(element.AttributeName)
		if kinds[name] != types.ScalarAttributeTypeS {
			return false
		}
		key = append(key, name)
	}
	return slices.Equal(key, o.key())
}

// turnOnTTL turns on the TTL of the table, by the attribute, unless it is on.
func turnOnTTL(ctx context.Context, client TableAPI, table, attribute string) error {
	if on, err := ttlIsOn(ctx, client, table, attribute); on || err != nil {
		return err
	}

	_, failed := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: &attribute,
			Enabled:       aws.Bool(true),
		},
	})
	if failed == nil {
		return nil
	}

	// DynamoDB also refuses if another process has just turned it on.
	if on, err := ttlIsOn(ctx, client, table, attribute); on && err == nil {
		return nil
	}
	return failed
}

// ttlIsOn reports whether TTL is on, or is being turned on. It is an error if that is for another
// attribute.
func ttlIsOn(
	ctx context.Context, client describer, table, attribute string,
) (bool, error) {
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return false, err
	}

	ttl := out.TimeToLiveDescription
	if ttl == nil || ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabled &&
		ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabling {
		return false, nil
	}
	if name := aws.ToString(ttl.AttributeName); name != attribute {
		return true, fmt.Errorf("its TTL attribute is %q, not %q: set Options.TTLAttribute", name,
			attribute)
	}
	return true, nil
}
