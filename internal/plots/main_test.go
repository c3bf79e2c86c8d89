package main

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pictures are drawn from the pages as they are.
func TestDraw(t *testing.T) {
	docs := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(docs, "images"), 0o777))
	for _, page := range []string{"security.md", "performance.md"} {
		content, err := os.ReadFile("../../docs/" + page)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(docs, page), content, 0o666))
	}
	require.NoError(t, draw(docs))

	for _, name := range []string{"guess", "siege", "cost"} {
		file, err := os.Open(filepath.Join(docs, "images", name+".png"))
		require.NoError(t, err)
		defer file.Close()
		_, err = png.DecodeConfig(file)
		require.NoError(t, err, name)
	}
}
