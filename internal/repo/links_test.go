package repo

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// link is the target of a link in Markdown within the repository, without its fragment.
var link = regexp.MustCompile(`\]\(([^):#]+)`)

// linked returns what a page links to, as paths from the root of the repository.
func linked(t *testing.T, page string) map[string]bool {
	targets := map[string]bool{}
	for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
		targets[path.Join(path.Dir(page), m[1])] = true
	}
	return targets
}

// From the README, every package, module, recipe and page is two clicks away.
func TestReadmeLeadsEverywhere(t *testing.T) {
	near := linked(t, "README.md")
	for _, page := range slices.Collect(maps.Keys(near)) {
		if path.Ext(page) == ".md" {
			maps.Copy(near, linked(t, page))
		}
	}
	folders := map[string]bool{}
	for target := range near {
		folders[target], folders[path.Dir(target)] = true, true
	}

	for _, name := range files(t, ".go") {
		folder := path.Dir(name)
		if !folders[folder] && !strings.HasPrefix(folder, "examples/") {
			assert.False(t, importable(name, parsed(t, name, read(t, name))),
				"no link to package %s", folder)
		}
		if folder == "examples/recipes" && !strings.HasSuffix(name, "_test.go") &&
			path.Base(name) != "doc.go" {
			assert.True(t, near[name], "no link to %s", name)
		}
	}
	for _, name := range files(t, ".mod") {
		if folder := path.Dir(name); !strings.HasPrefix(folder, "internal") {
			assert.True(t, folders[folder], "no link to module %s", folder)
		}
	}
	for _, name := range files(t, ".md") {
		if strings.HasPrefix(name, "docs/") {
			assert.True(t, near[name], "no link to %s", name)
		}
	}
}
