package evp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An object is read if every reader reads the same in it.
func TestObjects(t *testing.T) {
	deep := func(n int) string {
		return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}"
	}
	for text, want := range map[string]bool{
		`{}`:                                    true,
		"\t" + `{"a":{"a":1},"b":[{"a":"a"}]} `: true,
		`{"a:{[,\"":"\\","\\":":}]\"\\"}`:       true,
		deep(maxDepth):                          true,

		deep(maxDepth + 1): false,
		`null`:             false, `"{}"`: false, `[{}]`: false, ``: false,
		`{} {}`: false, `{"a":1`: false, `{"a":1,}`: false, `{a:1}`: false, `{"a":1e999}`: false,
		`{"a":1,"a":1}`: false, `{"a":1,"\u0061":2}`: false, `{"b":[{"a":1,"a":1}]}`: false,
		`{"\ud800":1,"\ud801":2}`: false, "\ufeff{}": false, "{\"a\":\"\xff\"}": false,
	} {
		_, err := parseObject([]byte(text))
		require.Equal(t, want, err == nil, text)
	}
}
