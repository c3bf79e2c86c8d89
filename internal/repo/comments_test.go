package repo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"testing"
)

// Everything exported has a comment, and every package. A member can do with the comment of its type: a field where that
// names it, the method of an interface where that links to another type, which documents it.
func TestComments(t *testing.T) {
	seen := 0
	for _, p := range publicPackages(t) {
		documented := false
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			documented = documented || file.Doc.Text() != ""
			for _, name := range exportedIn(file) {
				seen++
				if !name.documented {
					t.Errorf("%v: %s has no comment", files.Position(name.Pos()), name.Name)
				}
			}
		}
		if !documented {
			t.Errorf("package %s has no comment", p.ImportPath)
		}
	}
	if seen < 100 {
		t.Errorf("only %d exported names were found", seen)
	}
}

type exportedName struct {
	*ast.Ident
	documented bool
}

func exportedIn(file *ast.File) (names []exportedName) {
	add := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		documented := false
		for _, c := range comments {
			documented = documented || c.Text() != ""
		}
		names = append(names, exportedName{name, documented})
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type)) {
				add(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name, s.Doc, s.Comment, ifAlone(d))
					}
				case *ast.TypeSpec:
					add(s.Name, s.Doc, ifAlone(d))
					if !s.Name.IsExported() {
						continue
					}
					for _, field := range membersOf(s.Type) {
						for _, name := range field.Names {
							comments := []*ast.CommentGroup{field.Doc, field.Comment}
							if says(ifAlone(d), name.Name) || isInterface(s.Type) && namesAnotherType(ifAlone(d)) {
								comments = append(comments, d.Doc)
							}
							add(name, comments...)
						}
					}
				}
			}
		}
	}
	return names
}

// ifAlone returns the comment of a declaration outside of parentheses; in them, each name needs its own.
func ifAlone(d *ast.GenDecl) *ast.CommentGroup {
	if d.Lparen.IsValid() {
		return nil
	}
	return d.Doc
}

func says(comment *ast.CommentGroup, name string) bool {
	return regexp.MustCompile(`\b` + name + `\b`).MatchString(comment.Text())
}

func namesAnotherType(comment *ast.CommentGroup) bool {
	return regexp.MustCompile(`\b\w+\.[A-Z]`).MatchString(comment.Text())
}

func isInterface(t ast.Expr) bool {
	_, is := t.(*ast.InterfaceType)
	return is
}

func membersOf(t ast.Expr) []*ast.Field {
	switch t := t.(type) {
	case *ast.StructType:
		return t.Fields.List
	case *ast.InterfaceType:
		return t.Methods.List
	}
	return nil
}

func receiver(t ast.Expr) string {
	if pointer, ok := t.(*ast.StarExpr); ok {
		t = pointer.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
