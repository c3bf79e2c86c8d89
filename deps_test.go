package otp_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The root, memstore and otptest depend on nothing but the standard library and each other.
func TestDependencies(t *testing.T) {
	const module = "github.com/seed-5978b5f1/otp"
	for _, pkg := range []string{"", "/memstore", "/otptest"} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dep := range strings.Fields(string(out)) {
			switch dep {
			case module, module + "/memstore", module + pkg:
			default:
				t.Errorf("%s depends on %s", module+pkg, dep)
			}
		}
	}
	// What services link needs no package testing, and no randomness but that of crypto/rand.
	for _, pkg := range []string{"", "/memstore"} {
		out, err := exec.Command("go", "list", "-f", "{{join .Imports \"\\n\"}}", module+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range strings.Fields(string(out)) {
			if imported == "testing" || strings.HasPrefix(imported, "math/rand") {
				t.Errorf("%s imports %s", module+pkg, imported)
			}
		}
	}
}
