package sqldb

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// Replicas that start together on an empty database all create the table.
func TestSchemaByMany(t *testing.T) {
	for _, name := range all() {
		t.Run(name, func(t *testing.T) {
			s := setups[name]
			source := s.source(t)
			require.NoError(t, harness.SchemaByMany(t.Context(), sqlstore.Schema(s.dialect, nil),
				func() (*sql.DB, error) { return s.open(source) }))

			store, err := sqlstore.New(openDB(t, name, source), s.dialect, nil)
			require.NoError(t, err)
			put(t, store, "key", "value")
		})
	}
}
