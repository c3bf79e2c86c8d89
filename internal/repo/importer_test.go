package repo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module that imports the root, memstore and sqlstore builds from the standard library and this module alone: with an empty
// module cache, without a proxy, without a go.sum. Nothing of AWS can be in its build then, nor in what it downloads.
func TestImportersOfTheRootGetNoAWS(t *testing.T) {
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	offline := []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local", "GOMODCACHE=" + t.TempDir()}
	importing := func(imports ...string) (dir string) {
		dir = t.TempDir()
		program := "package main\n\n"
		for _, path := range imports {
			program += "import _ \"" + path + "\"\n"
		}
		for name, content := range map[string]string{
			"main.go": program + "\nfunc main() {}\n",
			"go.mod": "module example.com/importer\n\ngo 1.26.0\n\nrequire " + module + " v0.0.0\n\nreplace " + module +
				" => " + repository + "\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}

	dir := importing(module, module+"/memstore", module+"/redisstore", module+"/sqlstore")
	if _, err := goCommand(dir, offline, "build", "-o", os.DevNull, "."); err != nil {
		t.Fatal(err)
	}
	deps, err := goCommand(dir, offline, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(deps)) {
		switch dep {
		case "example.com/importer", module, module + "/memstore", module + "/redisstore",
			module + "/sqlstore":
		default:
			t.Errorf("%s is in the build", dep)
		}
	}
	if sums, err := os.ReadFile(filepath.Join(dir, "go.sum")); err == nil && len(sums) > 0 {
		t.Errorf("go.sum has\n%s", sums)
	}

	// The same for sesmail must fail, or the above would show nothing.
	if _, err := goCommand(importing(module+"/sesmail"), offline, "build", "-o", os.DevNull, "."); err == nil {
		t.Error("sesmail was built without AWS's modules")
	}
}
