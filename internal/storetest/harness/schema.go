package harness

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// replicas is how many programs start together.
const replicas = 60

// SchemaByMany has replicas that start together run the statements of a schema.
func SchemaByMany(ctx context.Context, schema string, open func() (*sql.DB, error)) error {
	var errs [replicas]error
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range replicas {
		db, err := open()
		if err != nil {
			return err
		}
		defer db.Close()
		if err := db.PingContext(ctx); err != nil {
			return err
		}
		all.Go(func() {
			<-start
			_, errs[i] = db.ExecContext(ctx, schema)
		})
	}
	close(start)
	all.Wait()
	return errors.Join(errs[:]...)
}
