package repo

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The Go in the comments of public packages parses, and "go vet" has nothing against it in the
// module of whoever pastes it: literals of structs have keys.
func TestCommentedCode(t *testing.T) {
	blocks := 0
	for _, name := range files(t, ".go") {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "examples/") ||
			strings.Contains("/"+name, "/internal/") {
			continue
		}
		for _, code := range commentedCode(t, name) {
			blocks++
			file, err := parser.ParseFile(token.NewFileSet(), "", code, 0)
			if assert.NoError(t, err, "%s:\n%s", name, code) {
				ast.Inspect(file, func(n ast.Node) bool {
					assert.False(t, lacksKeys(n), "%s: a literal without keys in:\n%s", name, code)
					return true
				})
			}
		}
	}
	require.Greater(t, blocks, 15, "blocks of Go found")
}

// goCode tells Go from the other languages of comments, and elision what stands for more lines.
var (
	goCode  = regexp.MustCompile(`:= |\.New\(|^func |^type `)
	elision = regexp.MustCompile(`(?m)(, |^[ \t]*)(\.\.\.|…)`)
)

// commentedCode returns the blocks of Go in the comments of a file, each as a file of its own.
func commentedCode(t *testing.T, name string) []string {
	source, err := parser.ParseFile(token.NewFileSet(), path.Base(name), read(t, name),
		parser.ParseComments)
	require.NoError(t, err)

	var code []string
	for _, group := range source.Comments {
		for _, block := range new(comment.Parser).Parse(group.Text()).Content {
			c, ok := block.(*comment.Code)
			if !ok || !goCode.MatchString(c.Text) {
				continue
			}
			text := elision.ReplaceAllString(c.Text, "")
			if !strings.HasPrefix(text, "func ") && !strings.HasPrefix(text, "type ") {
				text = "func _() {\n" + text + "\n}"
			}
			code = append(code, "package p\n\n"+text)
		}
	}
	return code
}

// lacksKeys reports whether the node is a slice or map of struct literals without keys.
func lacksKeys(n ast.Node) bool {
	outer, ok := n.(*ast.CompositeLit)
	if !ok {
		return false
	}

	for _, element := range outer.Elts {
		if inner, ok := element.(*ast.CompositeLit); ok && inner.Type == nil {
			for _, value := range inner.Elts {
				if _, keyed := value.(*ast.KeyValueExpr); !keyed {
					return true
				}
			}
		}
	}
	return false
}
