package repo

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dependencies lists, for each package of the root module and for smtpmail, the modules that it may
// link beside the standard library and this one.
var dependencies = map[string][]string{
	"":                      nil,
	"/background":           {"golang.org/x/net", "golang.org/x/text"},
	"/dynamostore":          {"github.com/aws/"},
	"/evp":                  nil,
	"/evp/evptest":          nil,
	"/memstore":             nil,
	"/otphttp":              nil,
	"/otphttp/pages":        {"golang.org/x/net", "golang.org/x/text"},
	"/otpmail":              {"golang.org/x/net", "golang.org/x/text"},
	"/otpmail/mailtemplate": {"golang.org/x/net", "golang.org/x/text"},
	"/otpsms":               {"golang.org/x/text"},
	"/otptest":              nil,
	"/redisstore":           nil,
	"/sendlimit":            {"golang.org/x/net", "golang.org/x/text"},
	"/sesmail":              {"github.com/aws/", "golang.org/x/net", "golang.org/x/text"},
	"/smtpmail": {
		"github.com/wneessen/go-mail/", "golang.org/x/crypto/md4", "golang.org/x/net",
		"golang.org/x/text",
	},
	"/sqlstore": nil,
}

// shared names the internal packages that public ones may link. Nested modules link them too, and
// may meet those of a newer root: they stay small, and what they export stays.
var shared = []string{
	"/internal/delivery", "/internal/delivery/awstry", "/internal/language", "/internal/lease",
	"/internal/isnil", "/internal/redact",
}

// restricted names who may link some packages of the standard library. Templates keep the linker
// from dropping methods that nothing calls, such as all other operations of SES.
var restricted = map[string][]string{
	"html/template": {"/otphttp/pages", "/otpmail/mailtemplate"},
	"text/template": {"/otphttp/pages", "/otpmail/mailtemplate"},
	"net/http": {
		"/dynamostore", "/evp", "/evp/evptest", "/otphttp", "/otphttp/pages", "/sesmail",
	},
	"testing": {"/otptest"}, // which services do not link
}

// A pkg is what "go list" says of a package.
type pkg struct {
	ImportPath, Name string
	Standard         bool
	Imports, Deps    []string
}

// Nobody links what they do not need.
func TestDependencies(t *testing.T) {
	all := packages(t)
	public := 0
	for _, p := range all {
		name, own := strings.CutPrefix(p.ImportPath, module)
		if !own || p.Name == "main" || strings.HasPrefix(name, "/internal/") ||
			strings.HasPrefix(name, "/examples/") {
			continue
		}
		public++
		allowed, listed := dependencies[name]
		assert.True(t, listed, "%s is not in the table", p.ImportPath)

		for _, path := range p.Deps {
			dep := all[path]
			switch {
			case dep.Standard:
				linkers, found := restricted[path]
				assert.True(t, !found || slices.Contains(linkers, name),
					"%s links %s", p.ImportPath, path)
			case strings.HasPrefix(path, module):
				assert.True(t, !strings.Contains(path, "/internal/") ||
					slices.Contains(shared, strings.TrimPrefix(path, module)),
					"%s links %s", p.ImportPath, path)
			default:
				assert.True(t, slices.ContainsFunc(allowed, func(prefix string) bool {
					return strings.HasPrefix(path, prefix)
				}), "%s links %s", p.ImportPath, path)
			}
		}

		if name != "/otptest" {
			assert.NotContains(t, p.Imports, "math/rand", p.ImportPath)
			assert.NotContains(t, p.Imports, "math/rand/v2", p.ImportPath)
		}
	}
	require.Len(t, dependencies, public)
}

// packages returns the packages of the root module and of smtpmail, and all that they depend on, by
// path.
func packages(t *testing.T) map[string]*pkg {
	found := map[string]*pkg{}
	for _, dir := range []string{root, filepath.Join(root, "smtpmail")} {
		list, err := goCommand(dir, nil, "list", "-deps",
			"-json=ImportPath,Name,Standard,Imports,Deps", "./...")
		require.NoError(t, err)
		for d := json.NewDecoder(bytes.NewReader(list)); d.More(); {
			p := new(pkg)
			require.NoError(t, d.Decode(p))
			found[p.ImportPath] = p
		}
	}
	return found
}

// Who needs no other module downloads none.
func TestEmptyModuleCache(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}

	program := "package main\n\n"
	for name, needed := range dependencies {
		if needed == nil {
			program += "import _ \"" + module + name + "\"\n"
		}
	}
	dir := t.TempDir()
	write(t, dir, "main.go", program+"\nfunc main() {}\n")
	write(t, dir, "go.mod", "module example.com/importer\n\ngo 1.26.0\n"+requiring(t, "."))

	offline := []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local",
		"GOMODCACHE=" + t.TempDir()}
	_, err := goCommand(dir, offline, "build", "-o", os.DevNull, ".")
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(dir, "go.sum"))
}

// requirement is the line of go.mod that requires a module of this repository.
var requirement = regexp.MustCompile(`(?m)^(?:\t|require )(` + module + `\S*) v`)

// Nested modules are tested with the other modules of the same commit.
func TestReplacements(t *testing.T) {
	found := 0
	for _, name := range files(t, ".mod") {
		text := read(t, name)
		for _, m := range requirement.FindAllStringSubmatch(text, -1) {
			found++
			dir := strings.TrimPrefix(strings.TrimPrefix(m[1], module), "/")
			here, err := filepath.Rel(filepath.Dir(name), dir)
			require.NoError(t, err)
			replaced := regexp.MustCompile(
				`[\t ]` + m[1] + ` => ` + regexp.QuoteMeta(here) + `/?\n`)
			assert.True(t, replaced.MatchString(text), "%s takes %s from elsewhere", name, m[1])
		}
	}
	require.Greater(t, found, 5, "requirements")
}
