package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

func TestRun(t *testing.T) {
	url := servers.Postgres(t)

	for range 2 { // the second run finds the table
		require.NoError(t, run(t.Context(), url))
	}
}
