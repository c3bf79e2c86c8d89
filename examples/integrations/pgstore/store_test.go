package pgstore_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/integrations/internal/crowd"
	"github.com/seed-5978b5f1/otp/examples/integrations/pgstore"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

// open returns a Store on a database of its own.
func open(t *testing.T) (*pgstore.Store, *pgxpool.Pool) {
	t.Helper()
	db, err := pgxpool.New(t.Context(), servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	for range 2 { // done twice is fine
		if _, err := db.Exec(t.Context(), pgstore.Schema); err != nil {
			t.Fatal(err)
		}
	}
	return pgstore.New(db), db
}

func TestStore(t *testing.T) {
	store, _ := open(t)
	otptest.TestStore(t, func(testing.TB) otp.Store { return store })
}

func TestService(t *testing.T) {
	store, _ := open(t)
	crowd.Test(t, store)
}

func TestPurge(t *testing.T) {
	store, db := open(t)
	for key, expires := range map[string]time.Time{
		"past":    time.Now().Add(-2 * time.Hour),
		"recent":  time.Now().Add(-time.Minute),
		"future":  time.Now().Add(time.Minute),
		"forever": {},
	} {
		if swapped, err := store.CompareAndSwap(t.Context(), key, nil, []byte("value"), expires); !swapped || err != nil {
			t.Fatal(swapped, err)
		}
	}
	if err := store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM otp WHERE key <> 'past'`).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if value, err := store.Load(t.Context(), "past"); left != 3 || value != nil || err != nil {
		t.Errorf("%d values are left, and %q, %v of the expired one", left, value, err)
	}
}
