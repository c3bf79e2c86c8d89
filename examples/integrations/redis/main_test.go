package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

func TestRun(t *testing.T) {
	require.NoError(t, run(t.Context(), servers.Redis(t)))
}
