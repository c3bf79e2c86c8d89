package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// Tests and examples of a nested module run with the other modules of the same commit.
func TestNestedModulesUseTheSameCommit(t *testing.T) {
	modules, err := modulesIn(root)
	require.NoError(t, err)

	for _, m := range modules {
		cmd := exec.Command("go", "list", "-m",
			"-f", "{{.Path}} {{with .Replace}}{{.Dir}}{{end}}", "all")
		cmd.Dir = filepath.Join(root, m.dir)
		out, err := cmd.Output()
		require.NoError(t, err, m.path)

		for line := range strings.Lines(string(out)) {
			path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
			if path == m.path || path != rootPath && !strings.HasPrefix(path, rootPath+"/") {
				continue
			}

			here, err := filepath.Abs(filepath.Join(root, strings.TrimPrefix(path, rootPath)))
			require.NoError(t, err)
			assert.Equal(t, here, dir, "%s takes %s from elsewhere", m.path, path)
		}
	}
}

// A program of somebody else fetches the modules as v0.1.0, as it will from the public proxy.
func TestProgramsOfOthers(t *testing.T) {
	repository, err := filepath.Abs(root)
	require.NoError(t, err)
	dir := t.TempDir()
	proxy := filepath.Join(dir, "proxy")
	_, err = publish(repository, filepath.Join(dir, "tree"), proxy, "v0.1.0")
	require.NoError(t, err)

	env, err := proxyEnv(proxy, filepath.Join(dir, "cache"))
	require.NoError(t, err)

	tests := []struct {
		name, program string
		modules       []string
		said          *regexp.Regexp
	}{
		{
			name:    "the program of the README",
			program: readmeProgram(t),
			modules: []string{""},
			said:    regexp.MustCompile(`^To ada@example\.com: your code is [0-9]{6}\nCode: $`),
		},
		{
			name:    "mail by SMTP from a function of AWS Lambda",
			program: read(t, "testdata/function/main.go"),
			modules: []string{"/smtpmail", "/lambdahttp", ""}, // what they require comes with them
			said:    regexp.MustCompile(`"body":"otp: .*address`),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			run := func(args ...string) string {
				cmd := exec.Command("go", args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), env...)
				var said, failed bytes.Buffer
				cmd.Stdout, cmd.Stderr = &said, &failed
				if err := cmd.Run(); args[0] != "run" {
					require.NoError(t, err, "%s", failed.Bytes())
				}
				return said.String()
			}

			run("mod", "init", "example.com/hello")
			for _, m := range test.modules {
				run("get", rootPath+m)
			}
			main := filepath.Join(dir, "main.go")
			require.NoError(t, os.WriteFile(main, []byte(test.program), 0o644))
			run("vet", ".")

			assert.Regexp(t, test.said, run("run", "."))
			assert.NotContains(t, read(t, filepath.Join(dir, "go.mod")), "replace")
			for _, m := range test.modules {
				assert.Contains(t, read(t, filepath.Join(dir, "go.mod")), rootPath+m+" v0.1.0\n")
			}
		})
	}
}

// The latest tag of a module is the one before the release, not that of another module.
func TestLatest(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"-c", "user.name=x", "-c", "user.email=x",
			"commit", "--quiet", "--allow-empty", "-m", "x"},
		{"tag", "v0.1.0"}, {"tag", "v0.9.0"}, {"tag", "v0.10.0"}, {"tag", "v1.0.0"},
		{"tag", "smtpmail/v0.2.0"}, {"tag", "vendor"},
	} {
		_, err := git(dir, args...)
		require.NoError(t, err)
	}

	tests := []struct{ module, version, want string }{
		{".", "v0.1.0", "none"},
		{".", "v0.11.0", "v0.10.0"},
		{".", "v1.0.0", "v0.10.0"},
		{"smtpmail", "v1.0.0", "v0.2.0"},
		{"lambdahttp", "v1.0.0", "none"},
	}
	for _, test := range tests {
		got, err := latest(dir, module{dir: test.module}, test.version)
		require.NoError(t, err)
		assert.Equal(t, test.want, got, "%s %s", test.module, test.version)
	}
}

func TestBadVersions(t *testing.T) {
	for _, args := range [][]string{
		nil, {""}, {"0.1.0"}, {"v0.1"}, {"v2.0.0"}, {"v0.1.0", "v0.2.0"},
	} {
		require.ErrorContains(t, run(args), "want one argument", args)
	}
}

// readmeProgram returns the first program of the README.
func readmeProgram(t *testing.T) string {
	t.Helper()
	_, after, found := strings.Cut(read(t, filepath.Join(root, "README.md")), "```go\npackage main")
	require.True(t, found, "the README has no program")
	program, _, _ := strings.Cut(after, "\n```")
	return "package main" + program + "\n"
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}
