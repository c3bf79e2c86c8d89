package isnil_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp/internal/isnil"
)

func TestValue(t *testing.T) {
	var pointer *bytes.Buffer
	var function func()
	var nothing io.Reader
	for _, v := range []any{nil, pointer, io.Reader(pointer), nothing, function, []byte(nil)} {
		assert.True(t, isnil.Value(v), "%T", v)
	}
	for _, v := range []any{0, "", struct{}{}, new(bytes.Buffer), func() {}, []byte{}} {
		assert.False(t, isnil.Value(v), "%T", v)
	}
}
