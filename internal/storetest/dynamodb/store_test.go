package dynamodb

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

func TestCrowd(t *testing.T) {
	require.NoError(t, harness.Crowd(t, newTable(t, bySDK)))
}

// The limits of package sendlimit hold over many instances.
func TestPump(t *testing.T) {
	require.NoError(t, harness.Pump(t.Context(), newTable(t, bySDK).Open(t)))
}

func TestClientCrash(t *testing.T) {
	harness.ClientCrash(t, newTable(t, bySDK))
}

func TestLinearizable(t *testing.T) {
	require.NoError(t, harness.LinearizableOften(t, newTable(t, bySDK), 10))
}

func TestBadNetwork(t *testing.T) {
	for _, opener := range []string{hasty, oneTry} {
		t.Run(opener, func(t *testing.T) {
			db := newTable(t, opener)
			harness.BadNetwork(t, db, hostPort(db))
		})
	}
}

func TestLinearizableOnBadNetwork(t *testing.T) {
	for opener, repeats := range map[string]bool{hasty: true, oneTry: false} {
		t.Run(opener, func(t *testing.T) {
			db := newTable(t, opener)
			harness.LinearizableOnBadNetwork(t, db, hostPort(db), repeats)
		})
	}
}

// hostPort returns the address in the source of a table.
func hostPort(db harness.Database) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(db.Source, "http://"), "/")
	return host
}
