package repo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/seed-5978b5f1/otp"
	root   = "../.." // of the repository
)

// A pkg is what "go list" says of a package.
type pkg struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
}

// public reports whether others can import the package of the module.
func (p *pkg) public() bool {
	return (p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")) && p.Name != "main" &&
		!strings.Contains(p.ImportPath, "/internal/")
}

// packages returns the packages of the module, all that they depend on, and all of the standard library, each compiled.
var packages = sync.OnceValues(func() (map[string]*pkg, error) {
	out, err := goCommand(root, nil, "list", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,GoFiles", "./...", "std")
	if err != nil {
		return nil, err
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

// publicPackages returns the packages of the module that others can import, by their path, and at least the root.
func publicPackages(t *testing.T) []*pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	var public []*pkg
	for _, p := range all {
		if p.public() {
			public = append(public, p)
		}
	}
	slices.SortFunc(public, func(a, b *pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	if len(public) == 0 || public[0].ImportPath != module {
		t.Fatalf("no package %s among %d", module, len(public))
	}
	return public
}

// typesOf imports packages as the compiler does.
func typesOf(t *testing.T) types.Importer {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		p := all[path]
		if p == nil || p.Export == "" {
			return nil, fmt.Errorf("no package %s", path)
		}
		return os.Open(p.Export)
	})
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

// files returns the files of the repository with the extension, relative to its root. What make fetches and builds is
// left out.
func files(t *testing.T, extension string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "build", "bin", "node_modules", "testdata":
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) == extension {
			name, err := filepath.Rel(root, path)
			found = append(found, name)
			return err
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("found %d files %s: %v", len(found), extension, err)
	}
	return found
}

// read returns the content of a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
