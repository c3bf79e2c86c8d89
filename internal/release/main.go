// Command release prepares the release of one version of all published modules:
//
//	make release VERSION=v0.1.0
//
// It takes the tree at HEAD, requires the version wherever one of the modules requires another, and
// checks the outcome with gorelease, as a module proxy would serve it. If all is well, it writes
// the requirements to the go.mod files of the repository and prints the tags to set. It commits,
// tags and pushes nothing.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 || !semver.IsValid(args[0]) || semver.Canonical(args[0]) != args[0] ||
		semver.Major(args[0]) > "v1" {
		return errors.New("want one argument, a version of major 0 or 1 such as v0.1.0")
	}
	version := args[0]

	root, err := git("", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "otp-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	modules, err := publish(root, filepath.Join(dir, "tree"), filepath.Join(dir, "proxy"), version)
	if err != nil {
		return err
	}

	gorelease, err := tool(root, "gorelease")
	if err != nil {
		return err
	}

	for _, m := range modules {
		if err := dropReplacements(filepath.Join(dir, "tree", m.dir)); err != nil {
			return err
		}
		if err := check(gorelease, root, dir, m, version); err != nil {
			return err
		}
	}

	if err := requireVersion(root, version); err != nil {
		return err
	}

	fmt.Println("\nAll modules can be released. Commit the go.mod files, then run:")
	for _, m := range modules {
		fmt.Println("git tag", m.tag(version))
	}
	fmt.Println("git push origin", tags(modules, version))
	return nil
}

// check runs gorelease on one module: against its latest tag, or for itself if it has none.
func check(gorelease, root, dir string, m module, version string) error {
	base, err := latest(root, m, version)
	if err != nil {
		return err
	}

	env, err := proxyEnv(filepath.Join(dir, "proxy"), filepath.Join(dir, "cache"))
	if err != nil {
		return err
	}

	run := func(name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Dir = filepath.Join(dir, "tree", m.dir)
		cmd.Env = append(os.Environ(), env...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr

		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s of %s: %w", filepath.Base(name), m.path, err)
		}
		return nil
	}

	fmt.Printf("\n# %s: gorelease -base=%s -version=%s\n", m.path, base, version)

	if err := run("go", "mod", "tidy"); err != nil {
		return err
	}
	return run(gorelease, "-base="+base, "-version="+version)
}

// latest returns the latest version below version that the module has a tag for, or "none".
func latest(root string, m module, version string) (string, error) {
	out, err := git(root, "tag", "--list", m.tag("v*"))
	if err != nil {
		return "", err
	}

	found := "none"
	for _, tag := range strings.Fields(out) {
		v := strings.TrimPrefix(tag, m.tag(""))
		if semver.IsValid(v) && semver.Compare(v, version) < 0 &&
			(found == "none" || semver.Compare(v, found) > 0) {
			found = v
		}
	}
	return found, nil
}

// tool builds a tool of internal/tools and returns its path.
func tool(root, name string) (string, error) {
	tools := filepath.Join(root, "internal/tools/go.mod")
	out, err := exec.Command("go", "tool", "-modfile="+tools, "-n", name).Output()
	if err != nil {
		return "", fmt.Errorf("go tool %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func tags(modules []module, version string) string {
	var all []string
	for _, m := range modules {
		all = append(all, m.tag(version))
	}
	return strings.Join(all, " ")
}

// git runs git in a directory and returns what it prints.
func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
