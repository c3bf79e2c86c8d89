// Package dynalite tests package dynamostore on an emulator that is not of AWS.
package dynalite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestStore(t *testing.T) {
	server, err := servers.StartDynalite()
	servers.Check(t, err)
	t.Cleanup(server.Stop)
	const table = "otp"

	// It has no TTL to turn on: CreateTable says so, and has made the table.
	err = dynamostore.CreateTable(t.Context(), servers.DynamoDBAt(server.Address), table, nil)
	require.ErrorContains(t, err, "UnknownOperationException")
	open := func(tb testing.TB) *dynamostore.Store {
		store, err := dynamostore.New(servers.DynamoDBAt(server.Address), table, nil)
		require.NoError(tb, err)
		return store
	}
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return open(tb), open(tb) })

	unsafe, _ := open(t).Check(t.Context())
	require.Len(t, unsafe, 1)
	require.ErrorContains(t, unsafe[0], "its TTL is off")
}
