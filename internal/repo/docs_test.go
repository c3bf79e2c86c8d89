package repo

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goBlock is a fenced block of Go, with the line above it that names the file it is taken from:
// "From [store.go](../examples/store.go):".
var goBlock = regexp.MustCompile("(?m)^(?:From \\[[^\\]]*\\]\\(([^)#]*)\\):\n\n)?```go\n((?s).*?)^```$")

// Every block of Go in the documentation stands, as it is, in a file that is compiled.
func TestDocumentedCodeIsCompiled(t *testing.T) {
	blocks := 0

	for _, name := range files(t, ".md") {
		for _, m := range goBlock.FindAllStringSubmatch(read(t, name), -1) {
			blocks++
			source, excerpt := m[1], m[2]
			require.NotEmpty(t, source, "%s: no line \"From [file](path):\" above:\n%s", name, excerpt)

			file := path.Join(filepath.ToSlash(filepath.Dir(name)), source)
			content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
			require.NoError(t, err, name)
			require.True(t, containsLines(string(content), excerpt),
				"%s: these lines do not stand in %s:\n%s", name, file, excerpt)
		}
	}

	require.GreaterOrEqual(t, blocks, 3, "blocks of Go found")
}

// containsLines reports whether the excerpt stands in the source, indented by any number of tabs.
func containsLines(source, excerpt string) bool {
	for indent := ""; len(indent) < 4; indent += "\t" {
		lines := strings.Split(strings.TrimRight(excerpt, "\n"), "\n")
		for i, line := range lines {
			if line != "" {
				lines[i] = indent + line
			}
		}

		if strings.Contains(source, strings.Join(lines, "\n")) {
			return true
		}
	}

	return false
}
