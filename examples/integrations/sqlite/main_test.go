package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "codes.db")

	for range 2 { // the second run finds the table
		require.NoError(t, run(t.Context(), file))
	}
}
