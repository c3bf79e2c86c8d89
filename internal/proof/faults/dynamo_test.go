package faults

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

var (
	table      = servers.TableName()
	createOnce sync.Once
	createErr  error
)

// newDynamoStore returns an empty store on DynamoDB Local: one table serves all, under prefixes of
// their own. It skips the test where DynamoDB Local is not installed.
func newDynamoStore(tb testing.TB) otp.Store {
	tb.Helper()
	return dynamoStore(tb, servers.DynamoDB(tb), rand.Text())
}

// dynamoStore returns a store that works through the client. Those with one prefix share their
// values.
func dynamoStore(tb testing.TB, client *dynamodb.Client, prefix string) otp.Store {
	tb.Helper()

	direct := servers.DynamoDB(tb)
	createOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		createErr = dynamostore.CreateTable(ctx, direct, table, nil)
	})
	require.NoError(tb, createErr)

	s, err := dynamostore.New(client, table, &dynamostore.Options{KeyPrefix: prefix + "/"})
	require.NoError(tb, err)
	return s
}
