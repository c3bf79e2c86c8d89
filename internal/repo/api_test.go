package repo

import (
	"flag"
	"fmt"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the exported API and the pictures anew")

// The exported API of each package is listed in api/. A change of it shows there, so that it is made on purpose:
//
//	go test ./internal/repo -run TestAPI -update
func TestAPI(t *testing.T) {
	imported := typesOf(t)
	listed := map[string]bool{}
	for _, p := range publicPackages(t) {
		name := "otp" + strings.TrimPrefix(p.ImportPath, module)
		file := filepath.Join("internal/repo/testdata/api", strings.ReplaceAll(name, "/", "-")+".txt")
		listed[filepath.Base(file)] = true
		content, err := imported.Import(p.ImportPath)
		if err != nil {
			t.Fatal(err)
		}
		api := strings.Join(apiOf(content), "\n") + "\n"
		if *update {
			if err := os.WriteFile(filepath.Join(root, file), []byte(api), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		before, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Errorf("the exported API of %s is not listed (make api lists it): %v", name, err)
			continue
		}
		for _, change := range changes(string(before), api) {
			t.Errorf("the exported API of %s has changed (make api accepts it): %s", name, change)
		}
	}
	for _, name := range files(t, ".txt") {
		if filepath.Dir(name) == "internal/repo/testdata/api" && !listed[filepath.Base(name)] {
			t.Errorf("%s lists a package that is not there", name)
		}
	}
}

// changes returns the lines that were added and removed.
func changes(before, after string) []string {
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	var found []string
	for _, line := range old {
		if !slices.Contains(now, line) {
			found = append(found, "- "+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			found = append(found, "+ "+line)
		}
	}
	return found
}

// apiOf lists everything that code outside the package can name, a line for each, sorted.
func apiOf(p *types.Package) []string {
	within := func(other *types.Package) string {
		if other == p {
			return ""
		}
		return other.Path()
	}
	show := func(t types.Type) string { return types.TypeString(unnamed(t), within) }
	lines := map[string]bool{}
	add := func(format string, args ...any) { lines[fmt.Sprintf(format, args...)] = true }
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch o := object.(type) {
		case *types.Const:
			add("const %s %s = %s", name, show(o.Type()), o.Val())
		case *types.Var:
			add("var %s %s", name, show(o.Type()))
		case *types.Func:
			add("func %s%s", name, strings.TrimPrefix(show(o.Type()), "func"))
		case *types.TypeName:
			if o.IsAlias() {
				add("type %s = %s", name, show(types.Unalias(o.Type())))
				continue
			}
			switch u := o.Type().Underlying().(type) {
			case *types.Struct:
				add("type %s struct", name)
				for field := range u.Fields() {
					if field.Exported() {
						add("type %s struct, %s %s", name, field.Name(), show(field.Type()))
					}
				}
			case *types.Interface:
				add("type %s interface", name)
				for method := range u.Methods() {
					add("type %s interface, %s%s", name, method.Name(), strings.TrimPrefix(show(method.Type()), "func"))
				}
				continue
			default:
				add("type %s %s", name, show(u))
			}
			for _, receiver := range []types.Type{o.Type(), types.NewPointer(o.Type())} {
				for selection := range types.NewMethodSet(receiver).Methods() {
					method := selection.Obj()
					of := show(method.(*types.Func).Signature().Recv().Type())
					if method.Exported() {
						add("method (%s) %s%s", of, method.Name(), strings.TrimPrefix(show(method.Type()), "func"))
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(lines))
}

// unnamed takes the names of parameters and results out of the type of a function: they are no part of the API.
func unnamed(t types.Type) types.Type {
	signature, ok := t.(*types.Signature)
	if !ok {
		return t
	}
	strip := func(tuple *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range tuple.Variables() {
			vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), "", unnamed(v.Type())))
		}
		return types.NewTuple(vars...)
	}
	return types.NewSignatureType(nil, nil, nil, strip(signature.Params()), strip(signature.Results()), signature.Variadic())
}
