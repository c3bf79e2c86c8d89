package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// rootPath is the path of the root module. All modules of the repository begin with it.
const rootPath = "github.com/seed-5978b5f1/otp"

// A module is one of the repository.
type module struct {
	path string
	dir  string // relative to the root of the repository
}

// published reports whether others can require the module. Those below internal and examples are
// never tagged.
func (m module) published() bool {
	return !strings.HasPrefix(m.dir, "internal/") && !strings.HasPrefix(m.dir, "examples/")
}

// tag returns the tag of a version of the module: "v0.1.0", or "smtpmail/v0.1.0".
func (m module) tag(version string) string {
	return strings.TrimPrefix(m.dir+"/"+version, "./")
}

// modulesIn returns the modules of the tree, the root first.
func modulesIn(tree string) ([]module, error) {
	var found []module
	for _, pattern := range []string{"go.mod", "*/go.mod", "*/*/go.mod"} {
		files, err := filepath.Glob(filepath.Join(tree, pattern))
		if err != nil {
			return nil, err
		}

		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}

			dir, err := filepath.Rel(tree, filepath.Dir(file))
			if err != nil {
				return nil, err
			}
			found = append(found, module{modfile.ModulePath(content), filepath.ToSlash(dir)})
		}
	}

	if len(found) == 0 || found[0].path != rootPath {
		return nil, fmt.Errorf("%s holds no module %s", tree, rootPath)
	}
	return found, nil
}

// requireVersion makes each module of the tree require the version of each other one that it
// requires. Unpublished modules follow, since they require published ones.
func requireVersion(tree, version string) error {
	modules, err := modulesIn(tree)
	if err != nil {
		return err
	}

	for _, m := range modules {
		err := edit(filepath.Join(tree, m.dir), func(file *modfile.File) error {
			for _, required := range file.Require {
				path := required.Mod.Path
				if path != rootPath && !strings.HasPrefix(path, rootPath+"/") {
					continue
				}
				if err := file.AddRequire(path, version); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropReplacements makes the module in a directory use the other ones as they are published.
// gorelease wants the sums of all required modules in go.sum, which has none of replaced ones.
func dropReplacements(dir string) error {
	return edit(dir, func(file *modfile.File) error {
		for _, r := range slices.Clone(file.Replace) {
			if err := file.DropReplace(r.Old.Path, r.Old.Version); err != nil {
				return err
			}
		}
		return nil
	})
}

// edit changes the go.mod file in a directory.
func edit(dir string, change func(*modfile.File) error) error {
	name := filepath.Join(dir, "go.mod")
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}

	file, err := modfile.Parse(name, content, nil)
	if err != nil {
		return err
	}
	if err := change(file); err != nil {
		return err
	}

	file.Cleanup()
	if content, err = file.Format(); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}
