package repo

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A block is fenced code in a Markdown file.
type block struct {
	file     string
	line     int    // of its first line
	language string // what stands behind the fence
	text     string
	from     string // the file that it is an excerpt of, relative to the root
}

// excerpt is the line above a block that is taken from a file: "From [store.go](../examples/store.go):".
var excerpt = regexp.MustCompile(`^From \[[^\]]*\]\(([^)#]*)\):$`)

// blocks returns the fenced code of a Markdown file, and its text without any code.
func blocks(t *testing.T, name string) (found []block, prose string) {
	t.Helper()
	var rest strings.Builder
	var open *block
	above := ""
	for i, line := range strings.Split(read(t, name), "\n") {
		fence := strings.TrimSpace(line)
		switch {
		case open == nil && strings.HasPrefix(fence, "```"):
			open = &block{file: name, line: i + 2, language: fence[3:]}
			if m := excerpt.FindStringSubmatch(above); m != nil {
				open.from = path.Join(filepath.ToSlash(filepath.Dir(name)), m[1])
			}
		case open != nil && fence == "```":
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		default:
			rest.WriteString(line)
			if fence != "" {
				above = fence
			}
		}
		rest.WriteByte('\n')
	}
	if open != nil {
		t.Errorf("%s:%d: the block does not end", name, open.line-1)
	}
	return found, regexp.MustCompile("`[^`\n]*`").ReplaceAllString(rest.String(), "``")
}

// Code in the documentation compiles. A block of Go is a file if it begins with "package", declarations if with a
// keyword of those, and otherwise the body of a function that returns an error or nothing. It may use what
// testdata/given.go declares, and needs no imports. A block below a line "From [name](link):" stands in that file, which
// is compiled where it stands.
func TestCodeBlocksCompile(t *testing.T) {
	imported := typesOf(t)
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range files(t, ".md") {
		found, _ := blocks(t, name)
		for _, b := range found {
			switch b.language {
			case "go":
				checked++
				if err := compile(&b, imported, all, read(t, "internal/repo/testdata/given.go")); err != nil {
					t.Errorf("%s:%d: %v", b.file, b.line, err)
				}
			case "Go", "golang", "bash", "shell", "console":
				t.Errorf("%s:%d: write go or sh for %q, so that the block is checked", b.file, b.line, b.language)
			}
		}
	}
	if checked < 3 {
		t.Errorf("only %d blocks were found", checked)
	}
}

func compile(b *block, imported types.Importer, all map[string]*pkg, given string) error {
	if b.from != "" {
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(b.from)))
		if err == nil && !strings.Contains(string(source), b.text) {
			err = fmt.Errorf("the block does not stand in %s as it is", b.from)
		}
		return err
	}
	switch word, _, _ := strings.Cut(b.text, " "); word {
	case "package":
		return check(b.text, imported, all, "")
	case "func", "type", "var", "const", "//":
		if err := check("package given\n"+b.text, imported, all, given); word != "//" || err == nil {
			return err
		}
	}
	returning := check("package given\nfunc _() error {\n"+b.text+"\nreturn nil }", imported, all, given)
	if returning == nil {
		return nil
	}
	if check("package given\nfunc _() {\n"+b.text+"\n}", imported, all, given) == nil {
		return nil
	}
	return returning
}

// check checks the types of a file together with the given one, if there is one. What is declared and not used is none
// of its business: excerpts leave out what comes of it.
func check(source string, imported types.Importer, all map[string]*pkg, given string) error {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "block", source, 0)
	if err != nil {
		return err
	}
	if len(file.Imports) == 0 {
		clause := regexp.MustCompile(`(?m)^package \w+\n`)
		source = clause.ReplaceAllStringFunc(source, func(p string) string { return strings.TrimSpace(p) + importsFor(file, all) + "\n" })
		if file, err = parser.ParseFile(fset, "block", source, 0); err != nil {
			return err
		}
	}
	parsed := []*ast.File{file}
	if given != "" {
		file, err := parser.ParseFile(fset, "given.go", given, 0)
		if err != nil {
			return err
		}
		parsed = append(parsed, file)
	}
	var wrong []error
	config := types.Config{Importer: imported, Error: func(err error) {
		if e, ok := errors.AsType[types.Error](err); !ok || !e.Soft {
			wrong = append(wrong, err)
		}
	}}
	config.Check("block", fset, parsed, nil) //nolint:errcheck // reported through Error
	return errors.Join(wrong...)
}

// preferred says which package a name stands for where several have it.
var preferred = map[string]string{"rand": "crypto/rand", "template": "html/template", "types": "", "otp": module}

// importsFor returns a line of imports for the packages that the file names and does not declare.
func importsFor(file *ast.File, all map[string]*pkg) string {
	paths := map[string]bool{}
	for _, unresolved := range file.Unresolved {
		name := unresolved.Name
		found, known := preferred[name]
		if !known {
			for importPath, p := range all {
				if p.Name == name && !strings.Contains(importPath, "internal/") && !strings.HasPrefix(importPath, "vendor/") &&
					(found == "" || len(importPath) < len(found)) {
					found = importPath
				}
			}
		}
		if found != "" && usedAsPackage(file, name) {
			paths[found] = true
		}
	}
	line := ""
	for _, importPath := range slices.Sorted(maps.Keys(paths)) {
		line += fmt.Sprintf("; import %q", importPath)
	}
	return line
}

// usedAsPackage reports whether the name stands in front of a dot.
func usedAsPackage(file *ast.File, name string) (used bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
				used = true
			}
		}
		return true
	})
	return used
}

// Commands in the documentation name targets of make that exist, and programs and folders that do: from the root, or
// from where "-C" says, or the sentence "All commands run in `folder`".
func TestCommandsExist(t *testing.T) {
	commands := 0
	for _, name := range files(t, ".md") {
		folder := ""
		if m := regexp.MustCompile("All commands run in `([^`]+)`").FindStringSubmatch(read(t, name)); m != nil {
			folder = m[1]
		}
		found, _ := blocks(t, name)
		for _, b := range found {
			if b.language != "sh" {
				continue
			}
			for i, line := range strings.Split(b.text, "\n") {
				if words := strings.Fields(line); len(words) > 0 {
					commands++
					for _, err := range missing(t, folder, words) {
						t.Errorf("%s:%d: %v", b.file, b.line+i, err)
					}
				}
			}
		}
	}
	if commands < 2 {
		t.Errorf("only %d commands were found", commands)
	}
}

// missing returns what a command needs that is not there.
func missing(t *testing.T, folder string, words []string) (errs []error) {
	if i := slices.Index(words, "-C"); i > 0 && i+1 < len(words) {
		folder = words[i+1]
		words = slices.Delete(slices.Clone(words), i, i+2)
	}
	for _, word := range words[1:] {
		if words[0] == "make" && !strings.Contains(word, "=") {
			target := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(word) + `:`)
			if !target.MatchString(read(t, path.Join(folder, "Makefile"))) {
				errs = append(errs, fmt.Errorf("make has no target %s in %s", word, path.Join(".", folder)))
			}
		}
		if local, ok := strings.CutPrefix(word, "./"); ok {
			_, err := os.Stat(filepath.Join(root, folder, strings.TrimSuffix(local, "...")))
			errs = append(errs, err)
		}
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// Tests that the documentation names exist: as they stand, or up to "…".
func TestNamedTestsExist(t *testing.T) {
	var declared []string
	for _, name := range files(t, ".go") {
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w+)\(`).FindAllStringSubmatch(read(t, name), -1) {
			declared = append(declared, m[1])
		}
	}
	named := 0
	for _, name := range files(t, ".md") {
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Z]\\w+)(…?)`").FindAllStringSubmatch(read(t, name), -1) {
			named++
			if !slices.ContainsFunc(declared, func(test string) bool {
				return test == m[1] || m[2] != "" && strings.HasPrefix(test, m[1])
			}) {
				t.Errorf("%s: there is no test %s%s", name, m[1], m[2])
			}
		}
	}
	if named < 5 {
		t.Errorf("only %d names were found", named)
	}
}

var (
	link      = regexp.MustCompile(`\]\(([^()\s]+)\)|(?m:^\[[^\]]+\]: (\S+)$)`)
	heading   = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	linked    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	dropped   = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	elsewhere = regexp.MustCompile(`^(https:|mailto:|http://localhost)`)
)

// Links between the files of the repository lead to files and headings that exist.
func TestLinks(t *testing.T) {
	links := 0
	for _, name := range files(t, ".md") {
		_, prose := blocks(t, name)
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			target := m[1] + m[2]
			if elsewhere.MatchString(target) {
				continue
			}
			links++
			if err := follow(t, name, target); err != nil {
				t.Errorf("%s: the link to %s leads nowhere: %v", name, target, err)
			}
		}
	}
	if links < 5 {
		t.Errorf("only %d links were found", links)
	}
}

// follow returns an error unless the target of a link in a file exists.
func follow(t *testing.T, name, target string) error {
	file, anchor, hasAnchor := strings.Cut(target, "#")
	if file == "" {
		file = filepath.Base(name)
	}
	file = filepath.Join(filepath.Dir(name), filepath.FromSlash(file))
	if strings.HasPrefix(file, "..") {
		return errors.New("it leads out of the repository")
	}
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		return err
	}
	if hasAnchor && filepath.Ext(file) == ".md" && !anchors(read(t, file))[anchor] {
		return errors.New("the file has no such heading")
	}
	return nil
}

// anchors returns the names that GitHub gives to the headings of a Markdown file.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		title := linked.ReplaceAllString(m[1], "$1")
		name := strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
		again := name
		for i := 1; found[again]; i++ {
			again = fmt.Sprint(name, "-", i)
		}
		found[again] = true
	}
	return found
}
