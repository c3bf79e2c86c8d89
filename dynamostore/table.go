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

// CreateTable creates the table that the zero [Options] fit: paid per request, with TTL, and
// otherwise with the defaults of DynamoDB. It returns once the table can be used, after 5 minutes
// at most. It is for development, for tests, and for those who set up tables by program. The
// package documentation has the same table for CloudFormation and Terraform.
//
// If the table exists, CreateTable makes sure that it fits, turns its TTL on if that is off, and
// changes nothing else. It is an error if the table has another key or another TTL attribute.
func CreateTable(ctx context.Context, client TableAPI, table string) error {
	if err := createTable(ctx, client, table); err != nil {
		return fmt.Errorf("dynamostore: create table %q: %w", table, err)
	}
	return nil
}

func createTable(ctx context.Context, client TableAPI, table string) error {
	if table == "" {
		return errors.New("the name is empty")
	}

	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &table,
		BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{{
			AttributeName: aws.String(defaultPartitionKey),
			KeyType:       types.KeyTypeHash,
		}},
		AttributeDefinitions: []types.AttributeDefinition{{
			AttributeName: aws.String(defaultPartitionKey),
			AttributeType: types.ScalarAttributeTypeS,
		}},
	})
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
	if !hasKey(out.Table) {
		return fmt.Errorf("it exists with another key than %q (string) without a sort key: "+
			"take another name, or describe its key in Options", defaultPartitionKey)
	}
	return turnOnTTL(ctx, client, table)
}

// hasKey reports whether the key of the table is the one that the zero Options fit.
func hasKey(t *types.TableDescription) bool {
	if len(t.KeySchema) != 1 || aws.ToString(t.KeySchema[0].AttributeName) != defaultPartitionKey {
		return false
	}
	return slices.ContainsFunc(t.AttributeDefinitions, func(d types.AttributeDefinition) bool {
		return aws.ToString(d.AttributeName) == defaultPartitionKey &&
			d.AttributeType == types.ScalarAttributeTypeS
	})
}

// turnOnTTL turns on the TTL of the table unless it is on.
func turnOnTTL(ctx context.Context, client TableAPI, table string) error {
	if on, err := ttlIsOn(ctx, client, table); on || err != nil {
		return err
	}

	_, failed := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(defaultTTLAttribute),
			Enabled:       aws.Bool(true),
		},
	})
	if failed == nil {
		return nil
	}

	// DynamoDB also refuses if another process has just turned it on.
	if on, err := ttlIsOn(ctx, client, table); on && err == nil {
		return nil
	}
	return failed
}

// ttlIsOn reports whether TTL is on, or is being turned on. It is an error if that is for another
// attribute.
func ttlIsOn(ctx context.Context, client TableAPI, table string) (bool, error) {
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return false, err
	}

	ttl := out.TimeToLiveDescription
	if ttl == nil || ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabled &&
		ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabling {
		return false, nil
	}
	if name := aws.ToString(ttl.AttributeName); name != defaultTTLAttribute {
		return true, fmt.Errorf("its TTL attribute is %q, not %q: set Options.TTLAttribute", name,
			defaultTTLAttribute)
	}
	return true, nil
}
