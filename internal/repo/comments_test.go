package repo

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pasteModules are what a module works with into which all Go of comments is pasted.
var pasteModules = []string{
	".", "awssms", "lambdahttp", "otelotp", "smtpmail", "examples/budget",
	"examples/forgotpassword", "internal/storetest",
}

// imported has the paths of packages by the names that comments use, or by name and member where
// two packages share a name. Those of this repository are added, and some that are their names.
var imported = map[string]string{
	"aws":                "github.com/aws/aws-sdk-go-v2/aws",
	"config":             "github.com/aws/aws-sdk-go-v2/config",
	"dynamodb":           "github.com/aws/aws-sdk-go-v2/service/dynamodb",
	"http":               "net/http",
	"pgxpool":            "github.com/jackc/pgx/v5/pgxpool",
	"pinpointsmsvoicev2": "github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2",
	"redis":              "github.com/redis/go-redis/v9",
	"redis.DoContext":    "github.com/gomodule/redigo/redis",
	"rueidis":            "github.com/redis/rueidis",
	"sesv2":              "github.com/aws/aws-sdk-go-v2/service/sesv2",
	"sql":                "database/sql",
	"stdlib":             "github.com/jackc/pgx/v5/stdlib",
}

// given has the types of what comments take as given, by name, or by name and member.
var given = map[string]string{
	"account":     "struct{ Email string }",
	"accounts":    "interface{ Find(context.Context, string) (string, bool, error) }",
	"addr":        "string",
	"args":        "[]any",
	"cfg":         "aws.Config",
	"client":      "redis.UniversalClient",
	"client.B":    "rueidis.Client",
	"ctx":         "context.Context",
	"err":         "error",
	"flow":        "*otphttp.Flow",
	"isMyNonce":   "func(string) bool",
	"keys":        "[]string",
	"logins":      "*otp.Service",
	"message":     "otp.Message",
	"mux":         "*http.ServeMux",
	"newApp":      "func(*otp.Service) interface{ forgot(string); reset(_, _, _ string) }",
	"options":     "*redis.Options",
	"payments":    "*otp.Service",
	"pool":        "*pgxpool.Pool",
	"pool.Get":    "*redis.Pool",
	"queue":       "*background.Sender",
	"r":           "*http.Request",
	"script":      "string",
	"secret":      "[]byte",
	"sendCode":    "http.HandlerFunc",
	"sender":      "otp.Sender",
	"session":     "string",
	"sessions":    "interface{ Begin(context.Context, http.ResponseWriter, string) error }",
	"sms":         "otp.Sender",
	"smtp":        "otp.Sender",
	"spendOnce":   "func(nonce string) bool",
	"store":       "otp.Store",
	"store.Purge": "*sqlstore.Store",
	"transfer":    "string",
	"typed":       "string",
}

// requirements are those of a go.mod.
var requirements = regexp.MustCompile(`(?m)^require (\((?s:.*?)^\)|[^(].*)`)

// The Go in the comments of packages that others import compiles in a module of theirs, and
// "go vet" has nothing against it there.
func TestCommentedCode(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the clients of all stores")
	}

	dir := t.TempDir()
	pasteModule(t, dir)

	paths, blocks := maps.Clone(imported), map[string][]string{}
	for name := range strings.FieldsSeq("context fmt log os testing time") {
		paths[name] = name
	}
	for _, name := range files(t, ".go") {
		if source := parsed(t, name, read(t, name)); importable(name, source) {
			paths[source.Name.Name] = path.Join(module, path.Dir(name))
			blocks[name] = commentedCode(source)
		}
	}

	count := 0
	for name, codes := range blocks {
		for i, code := range codes {
			count++
			folder := filepath.Join(dir, name, strconv.Itoa(i+1))
			require.NoError(t, os.MkdirAll(folder, 0o755))
			write(t, folder, "pasted.go", pasted(t, paths, name, code))
		}
	}
	require.Greater(t, count, 25, "blocks of Go found")

	_, err := goCommand(dir, []string{"GOFLAGS=-mod=mod", "GOWORK=off"}, "vet", "./...")
	require.NoError(t, err)
}

// pasteModule makes a folder a module that requires pasteModules, of this repository, and what they
// require.
func pasteModule(t *testing.T, dir string) {
	mod, sum := "module example.com/pasted\n\ngo 1.26.0\n", ""
	for _, m := range pasteModules {
		mod += requiring(t, m)
		mod += strings.Join(requirements.FindAllString(read(t, m+"/go.mod"), -1), "\n")
		sum += read(t, m+"/go.sum")
	}
	write(t, dir, "go.mod", mod)
	write(t, dir, "go.sum", sum)
}

// requiring returns the lines of a go.mod that take a module of the repository from its folder.
func requiring(t *testing.T, folder string) string {
	absolute, err := filepath.Abs(filepath.Join(root, folder))
	require.NoError(t, err)
	return fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %[1]s => %s\n",
		path.Join(module, folder), absolute)
}

// write writes a file into a folder.
func write(t *testing.T, folder, name, content string) {
	require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
}

// importable reports whether others import the package of the file.
func importable(name string, source *ast.File) bool {
	return source.Name.Name != "main" && !strings.HasSuffix(name, "_test.go") &&
		!strings.Contains("/"+name, "/internal/")
}

// goCode tells Go from the other languages of comments, and elision what stands for more lines.
var (
	goCode  = regexp.MustCompile(`(?m):= |^err = |^func\b|^type |^return |^&\w+\.`)
	elision = regexp.MustCompile(`(?m)(, |^[ \t]*)(\.\.\.|…)`)
)

// commentedCode returns the blocks of Go in the comments of a file.
func commentedCode(source *ast.File) (code []string) {
	for _, group := range source.Comments {
		for _, block := range new(comment.Parser).Parse(group.Text()).Content {
			if c, ok := block.(*comment.Code); ok && goCode.MatchString(c.Text) {
				code = append(code, elision.ReplaceAllString(c.Text, ""))
			}
		}
	}
	return code
}

// pasted makes a file of a block: of declarations, or of an expression or statements, which a
// function takes in. What the block does not declare is given or imported.
func pasted(t *testing.T, paths map[string]string, name, code string) string {
	if _, err := parser.ParseExpr(code); err == nil {
		code = "_ = " + code
	}
	if !strings.HasPrefix(code, "func ") && !strings.HasPrefix(code, "type ") {
		code = "func _() (any, error) {\n" + code + "\n" + used(code) + "}\n"
	}
	for _, x := range unresolved(t, name, code) {
		if value := lookUp(given, x, code); value != "" {
			code += "\nvar " + x + " " + value + "\n"
		}
	}

	head := "package p\n\n"
	for _, x := range unresolved(t, name, code) {
		if p := lookUp(paths, x, code); p != "" {
			head += fmt.Sprintf("import %q\n", p)
		}
	}
	return head + code
}

// defined finds what statements declare, at one level.
var defined = regexp.MustCompile(`(?m)^(\w+(?:, \w+)*) := `)

// used returns what statements lack that do not end in a return: the use of what they declare, and
// a return.
func used(code string) (uses string) {
	if regexp.MustCompile(`(?m)^return\b`).MatchString(code) {
		return ""
	}
	for _, m := range defined.FindAllStringSubmatch(code, -1) {
		uses += "_ = " + strings.ReplaceAll(m[1], ", ", "\n_ = ") + "\n"
	}
	return uses + "return nil, nil\n"
}

// unresolved returns the names that the declarations use and do not declare, once each.
func unresolved(t *testing.T, name, code string) (names []string) {
	seen := map[string]bool{}
	for _, x := range parsed(t, name, "package p\n"+code).Unresolved {
		if !seen[x.Name] {
			names = append(names, x.Name)
		}
		seen[x.Name] = true
	}
	return names
}

// lookUp returns the entry of a name with a member that the code uses, or else of the name.
func lookUp(table map[string]string, name, code string) string {
	for key, value := range table {
		if strings.HasPrefix(key, name+".") && strings.Contains(code, key) {
			return value
		}
	}
	return table[name]
}

// parsed returns the content of a file, parsed.
func parsed(t *testing.T, name, content string) *ast.File {
	file, err := parser.ParseFile(token.NewFileSet(), path.Base(name), content,
		parser.ParseComments)
	require.NoError(t, err, "%s:\n%s", name, content)
	return file
}
