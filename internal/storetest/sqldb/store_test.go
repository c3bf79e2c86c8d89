package sqldb

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
)

// each runs the test for some setups, on an empty database each.
func each(t *testing.T, names []string, test func(*testing.T, harness.Database)) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) { test(t, newDatabase(t, name)) })
	}
}

func all() []string { return slices.Sorted(maps.Keys(setups)) }

func TestConformance(t *testing.T) {
	each(t, all(), func(t *testing.T, db harness.Database) {
		otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) {
			return db.Open(tb), db.Open(tb)
		})
	})
}

func TestCrowd(t *testing.T) {
	each(t, all(), func(t *testing.T, db harness.Database) {
		require.NoError(t, harness.Crowd(t, db))
	})
}

// The limits of package sendlimit hold over many instances.
func TestPump(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		require.NoError(t, harness.Pump(t.Context(), db.Open(t)))
	})
}

func TestClientCrash(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		harness.ClientCrash(t, db)
	})
}

func TestLinearizable(t *testing.T) {
	each(t, all(), func(t *testing.T, db harness.Database) {
		require.NoError(t, harness.LinearizableOften(t, db, 20))
	})
}
