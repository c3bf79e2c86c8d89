// Package dynamodb tests package dynamostore on DynamoDB Local, by the SDK.
package dynamodb

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

// A source is the URL of DynamoDB, a slash and the name of the table.
func client(source string, configure ...func(*dynamodb.Options)) (*dynamodb.Client, string) {
	i := strings.LastIndexByte(source, '/')
	return servers.DynamoDBAt(source[:i], configure...), source[i+1:]
}

// opener opens stores whose client is wrapped.
func opener(
	wrap func(*dynamodb.Client) dynamostore.API, configure ...func(*dynamodb.Options),
) harness.Opener {
	return func(source string) (otp.Store, func(), error) {
		db, table := client(source, configure...)
		store, err := dynamostore.New(wrap(db), table, nil)
		return store, func() {}, err
	}
}

func plain(db *dynamodb.Client) dynamostore.API { return db }

const (
	bySDK  = "aws-sdk-go-v2"        // with its defaults
	hasty  = "aws-sdk-go-v2, hasty" // tries again, as by default, but sooner
	oneTry = "aws-sdk-go-v2, one try"
)

// tries configures the SDK for a network that fails all the time.
func tries(attempts int) func(*dynamodb.Options) {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	return func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport, Timeout: 200 * time.Millisecond}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.MaxBackoff = 10 * time.Millisecond
			o.RateLimiter = ratelimit.None
		})
	}
}

func TestMain(m *testing.M) {
	openers := map[string]harness.Opener{
		bySDK:  opener(plain),
		hasty:  opener(plain, tries(3)),
		oneTry: opener(plain, tries(1)),
	}
	for name, wrap := range faultyClients {
		openers[name] = opener(wrap)
	}
	for _, f := range faults {
		openers[f.name] = opener(plain, f.install)
	}
	harness.Main(m, openers)
}

// newTable returns an empty table, reached by the opener of that name.
func newTable(tb testing.TB, opener string) harness.Database {
	tb.Helper()
	db, table := servers.DynamoDB(tb), servers.TableName()
	require.NoError(tb, dynamostore.CreateTable(tb.Context(), db, table, nil))

	tb.Cleanup(func() {
		_, err := db.DeleteTable(context.WithoutCancel(tb.Context()),
			&dynamodb.DeleteTableInput{TableName: &table})
		assert.NoError(tb, err)
	})
	return harness.Database{Opener: opener, Source: servers.DynamoDBEndpoint(tb) + "/" + table}
}
