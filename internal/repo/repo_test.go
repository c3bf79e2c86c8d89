package repo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/seed-5978b5f1/otp"
	root   = "../.." // of the repository
)

// A pkg is what "go list" says of a package.
type pkg struct {
	ImportPath, Name string
	Standard         bool
	Imports, Deps    []string
}

// public reports whether others can import the package of the module.
func (p *pkg) public() bool {
	return (p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")) &&
		p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") &&
		!strings.Contains(p.ImportPath, "/examples/")
}

// packages returns the packages of the root module and of smtpmail, and all that they depend on, by
// path.
var packages = sync.OnceValues(func() (map[string]*pkg, error) {
	var out []byte
	for _, dir := range []string{root, filepath.Join(root, "smtpmail")} {
		list, err := goCommand(dir, nil, "list", "-deps",
			"-json=ImportPath,Name,Standard,Imports,Deps", "./...")
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}

	found := map[string]*pkg{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(pkg)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		found[p.ImportPath] = p
	}
})

// publicPackages returns those packages that others can import, the root first.
func publicPackages(t *testing.T) []*pkg {
	t.Helper()
	all, err := packages()
	require.NoError(t, err)

	var public []*pkg
	for _, p := range all {
		if p.public() {
			public = append(public, p)
		}
	}

	slices.SortFunc(public, func(a, b *pkg) int {
		return strings.Compare(a.ImportPath, b.ImportPath)
	})
	require.NotEmpty(t, public)
	require.Equal(t, module, public[0].ImportPath)
	return public
}

// goCommand runs the go command in a directory, with variables added to the environment.
func goCommand(dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages

	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, messages.Bytes())
	}
	return out.Bytes(), nil
}

// files returns the files of the repository with the extension, relative to its root, without what
// make fetches and builds.
func files(t *testing.T, extension string) []string {
	t.Helper()

	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(
			[]string{".git", "build", "bin", "node_modules", "testdata"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != extension:
			return nil
		}

		name, err := filepath.Rel(root, path)
		found = append(found, name)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

// read returns the content of a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(content)
}
