package repo

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Dependabot looks into every folder with a go.mod or a package.json.
func TestDependabotKnowsEveryModule(t *testing.T) {
	known := regexp.MustCompile(`(?m)(?:directory: |^ +- )(/\S*)$`).FindAllStringSubmatch(read(t, ".github/dependabot.yml"), -1)
	manifests := 0
	for _, extension := range []string{".mod", ".json"} {
		for _, name := range files(t, extension) {
			if base := filepath.Base(name); base != "go.mod" && base != "package.json" {
				continue
			}
			manifests++
			folder, found := path.Join("/", filepath.ToSlash(filepath.Dir(name))), false
			for _, k := range known {
				matches, err := path.Match(k[1], folder)
				found = found || matches && err == nil
			}
			if !found {
				t.Errorf(".github/dependabot.yml does not name %s", folder)
			}
		}
	}
	if manifests < 4 {
		t.Errorf("only %d manifests were found", manifests)
	}
}

// The actions of the workflows are pinned by the hash of a commit, whose version is said, and leave no credentials.
func TestWorkflowsArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	actions := 0
	for _, name := range files(t, ".yml") {
		if filepath.ToSlash(filepath.Dir(name)) != ".github/workflows" {
			continue
		}
		content := read(t, name)
		for _, m := range regexp.MustCompile(`(?m)uses: (.*)$`).FindAllStringSubmatch(content, -1) {
			actions++
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s: %s is not pinned by a hash, with its version behind", name, m[1])
			}
		}
		if a, b := strings.Count(content, "actions/checkout@"), strings.Count(content, "persist-credentials: false"); a != b {
			t.Errorf("%s: %d checkouts, %d without credentials", name, a, b)
		}
		if !regexp.MustCompile(`(?m)^permissions: \{\}$`).MatchString(content) {
			t.Errorf("%s: jobs get permissions that they do not name", name)
		}
	}
	if actions == 0 {
		t.Error("no actions were found")
	}
}
