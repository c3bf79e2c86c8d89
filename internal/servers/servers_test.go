package servers

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Tests get databases of their own on a shared server.
func TestDatabasesOfTests(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{
		"postgres": Postgres,
		"mariadb":  MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, database(t), database(t))
		})
	}
}

// A probe notes how a test that misses something ends.
type probe struct {
	testing.TB
	failed, skipped bool
}

func (p *probe) Helper()      {}
func (p *probe) Fatal(...any) { p.failed = true }
func (p *probe) Skip(...any)  { p.skipped = true }

func TestMissing(t *testing.T) {
	for required, want := range map[string]probe{
		"":  {skipped: true},
		"1": {failed: true, skipped: true}, // Fatal of a real test does not return
	} {
		t.Setenv(EnvRequired, required)

		p := &probe{}
		Missing(p, "a program")
		assert.Equal(t, want, *p, "%s=%q", EnvRequired, required)
	}
}
