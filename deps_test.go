package otp_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The root, memstore and otptest import the standard library only, and no package that users link imports testing but
// otptest.
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
	for _, pkg := range []string{"", "/memstore"} {
		out, err := exec.Command("go", "list", "-deps", module+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if dep == "testing" || dep == "math/rand" || dep == "math/rand/v2" || dep == "os/exec" {
				t.Errorf("%s depends on %s", module+pkg, dep)
			}
		}
	}
}
