package otphttp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documented codes and their statuses are those of the table.
func TestDocumentedCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "problemcode.go", nil, parser.ParseComments)
	require.NoError(t, err)

	documented := map[ProblemCode]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && spec.Comment != nil {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			documented[ProblemCode(code)] = spec.Comment.Text()[:3]
		}
		return true
	})

	table := map[ProblemCode]string{}
	for _, r := range reasons {
		table[r.code] = strconv.Itoa(r.status)
		require.NotEmpty(t, http.StatusText(r.status), r.code)
		require.NotEmpty(t, r.detail, r.code)
	}
	require.Len(t, table, len(reasons), "a code is there twice")
	require.Equal(t, table, documented)
}
