package harness

import (
	"context"
	"database/sql"

	"golang.org/x/sync/errgroup"
)

// replicas is how many programs start together.
const replicas = 60

// SchemaByMany has replicas that start together run the statements of a schema.
func SchemaByMany(ctx context.Context, schema string, open func() (*sql.DB, error)) error {
	start := make(chan struct{})
	var all errgroup.Group
	for range replicas {
		db, err := open()
		if err != nil {
			return err
		}
		defer db.Close()
		if err := db.PingContext(ctx); err != nil {
			return err
		}
		all.Go(func() error {
			<-start
			_, err := db.ExecContext(ctx, schema)
			return err
		})
	}
	close(start)
	return all.Wait()
}
