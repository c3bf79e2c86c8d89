package smtpmail_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Importers link nothing of AWS, and no templates, which keep the linker from leaving out methods.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)

	deps := strings.Fields(string(out))
	require.Contains(t, deps, "github.com/wneessen/go-mail/smtp")
	for _, dep := range deps {
		assert.NotContains(t, dep, "aws")
		assert.NotContains(t, []string{"html/template", "text/template"}, dep)
	}
}
