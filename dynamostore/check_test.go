package dynamostore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// replicated is a table with replicas, which DynamoDB Local cannot make.
type replicated struct{ *dynamodb.Client }

func (c replicated) DescribeTable(
	ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options),
) (*dynamodb.DescribeTableOutput, error) {
	out, err := c.Client.DescribeTable(ctx, in, opts...)
	if err == nil {
		out.Table.Replicas = []types.ReplicaDescription{{}}
	}
	return out, err
}

// undescribed refuses to describe tables, as without the rights to.
type undescribed struct{ *dynamodb.Client }

var errDenied = &smithy.GenericAPIError{Code: "AccessDeniedException"}

func (undescribed) DescribeTable(
	context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options),
) (*dynamodb.DescribeTableOutput, error) {
	return nil, errDenied
}

func (undescribed) DescribeTimeToLive(
	context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options),
) (*dynamodb.DescribeTimeToLiveOutput, error) {
	return nil, errDenied
}

func TestCheck(t *testing.T) {
	client := servers.DynamoDB(t)
	made, otherTTL := servers.TableName(), newTable(t, "pk")
	require.NoError(t, dynamostore.CreateTable(t.Context(), client, made, nil))
	deleteAfter(t, made)
	turnOnTTL(t, client, otherTTL, "ttl")

	for name, test := range map[string]struct {
		client          dynamostore.API
		table           string
		unsafe, unknown string // what the only one says; none if empty
	}{
		"as CreateTable makes it": {client, made, "", ""},
		"no TTL":                  {client, newTable(t, "pk"), "its TTL is off: turn it on", ""},
		"another TTL attribute":   {client, otherTTL, `its TTL attribute is "ttl"`, ""},
		"replicas":                {replicated{client}, made, "in one region only", ""},
		"another client": {struct{ dynamostore.API }{client}, made,
			"", "has no DescribeTable"},
	} {
		t.Run(name, func(t *testing.T) {
			unsafe, unknown := newStore(t, test.client, test.table, nil).Check(t.Context())
			for want, got := range map[string][]error{test.unsafe: unsafe, test.unknown: unknown} {
				if want == "" {
					continue
				}
				require.Len(t, got, 1)
				require.ErrorContains(t, got[0], want)
				require.ErrorContains(t, got[0], test.table)
			}
			if test.unsafe == "" {
				require.Empty(t, unsafe)
			}
			if test.unknown == "" {
				require.Empty(t, unknown)
			}
		})
	}

	unsafe, unknown := newStore(t, client, newTable(t, "id"), nil).Check(t.Context())
	require.Empty(t, unknown)
	require.Contains(t, fmt.Sprint(unsafe), `its key is not "pk" (string)`)

	unsafe, unknown = newStore(t, undescribed{client}, made, nil).Check(t.Context())
	require.Empty(t, unsafe)
	require.Len(t, unknown, 2)
	require.ErrorIs(t, unknown[0], errDenied)
	require.ErrorIs(t, unknown[1], errDenied)
}
