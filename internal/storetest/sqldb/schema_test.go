package sqldb

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/sqlstore"
)

// Replicas that start together on an empty database all create the table.
func TestSchemaByMany(t *testing.T) {
	const replicas = 60

	for _, name := range all() {
		t.Run(name, func(t *testing.T) {
			s := setups[name]
			source, schema := s.source(t), sqlstore.Schema(s.dialect, nil)
			start := make(chan struct{})
			var all sync.WaitGroup
			for range replicas {
				db := openDB(t, name, source)
				require.NoError(t, db.PingContext(t.Context()))
				all.Go(func() {
					<-start
					_, err := db.ExecContext(t.Context(), schema)
					assert.NoError(t, err)
				})
			}
			close(start)
			all.Wait()

			store, err := sqlstore.New(openDB(t, name, source), s.dialect, nil)
			require.NoError(t, err)
			put(t, store, "key", "value")
		})
	}
}
