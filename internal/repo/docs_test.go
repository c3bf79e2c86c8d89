package repo

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goBlock is a fenced block of Go, with the line above it that names the file it is taken from:
// "From [store.go](../examples/store.go):".
var goBlock = regexp.MustCompile(
	"(?m)^(?:From \\[[^\\]]*\\]\\(([^)#]*)\\):\n\n)?```go\n((?s).*?)^```$")

// Every block of Go in the documentation stands, as it is, in a file that is compiled.
func TestDocumentedCodeIsCompiled(t *testing.T) {
	blocks := 0

	for _, name := range files(t, ".md") {
		for _, m := range goBlock.FindAllStringSubmatch(read(t, name), -1) {
			blocks++
			source, excerpt := m[1], m[2]
			require.NotEmpty(t, source,
				"%s: no line \"From [file](path):\" above:\n%s", name, excerpt)

			file := path.Join(filepath.ToSlash(filepath.Dir(name)), source)
			content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
			require.NoError(t, err, name)
			require.True(t, containsLines(string(content), excerpt),
				"%s: these lines do not stand in %s:\n%s", name, file, excerpt)
		}
	}

	require.GreaterOrEqual(t, blocks, 3, "blocks of Go found")
}

// namedTest is the name of a test in backquotes, whole or up to "…".
var namedTest = regexp.MustCompile("`((?:Test|Fuzz|Benchmark|Example)[A-Z][A-Za-z0-9_]*)(…?)`")

// Every test that the documentation names is there.
func TestNamedTestsExist(t *testing.T) {
	var tests strings.Builder
	for _, name := range files(t, ".go") {
		if strings.HasSuffix(name, "_test.go") {
			tests.WriteString(read(t, name))
		}
	}

	names := 0
	for _, name := range files(t, ".md") {
		for _, m := range namedTest.FindAllStringSubmatch(read(t, name), -1) {
			names++
			declaration := "func " + m[1]
			if m[2] == "" {
				declaration += "("
			}
			assert.True(t, strings.Contains(tests.String(), declaration), "%s names %s", name, m[1])
		}
	}
	require.Greater(t, names, 100, "the documentation names many tests")
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
