package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table in package otpsms is what the metadata gives.
func TestTableIsGenerated(t *testing.T) {
	written, err := os.ReadFile("../" + table)
	require.NoError(t, err)
	require.Equal(t, string(written), string(source()))
}
