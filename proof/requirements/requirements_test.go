// Package requirements holds docs/requirements.md to the tests that there are.
package requirements

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	root  = "../.."
	count = 101
)

var (
	row  = regexp.MustCompile(`^\| (\d+) \|(.*)\|(.*)\|(.*)\|$`)
	name = regexp.MustCompile("`((?:Test|Fuzz)\\w*)`")
)

// TestRequirementsAreProved: every requirement has its row, in order, and every test that a row names exists.
func TestRequirementsAreProved(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "requirements.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOf(t, root)
	rows, proofs := 0, 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := row.FindStringSubmatch(line)
		if cells == nil {
			continue
		}
		rows++
		if cells[1] != strconv.Itoa(rows) {
			t.Fatalf("row %d has the number %s", rows, cells[1])
		}
		for _, cell := range cells[2:] {
			if strings.TrimSpace(cell) == "" {
				t.Errorf("requirement %d: an empty cell", rows)
			}
		}
		named := name.FindAllStringSubmatch(cells[4], -1)
		if len(named) == 0 && strings.TrimSpace(cells[4]) != "document" {
			t.Errorf("requirement %d names no test", rows)
		}
		for _, n := range named {
			proofs++
			if !tests[n[1]] {
				t.Errorf("requirement %d: there is no %s", rows, n[1])
			}
		}
	}
	if rows != count {
		t.Errorf("%d requirements, want %d", rows, count)
	}
	if !t.Failed() {
		t.Logf("%d requirements, %d references to tests", rows, proofs)
	}
}

// testsOf returns the names of all tests and fuzz targets below a folder.
func testsOf(t *testing.T, folder string) map[string]bool {
	tests := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				tests[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
