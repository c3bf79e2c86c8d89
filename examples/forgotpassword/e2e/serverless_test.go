package e2e

import (
	"archive/zip"
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

var update = flag.Bool("update", false, "write resources.md anew")

// resources.md lists what serverless.yml makes, whole and word for word: so all roles, permissions,
// variables, alarms and routes are as they stand there, and nothing else is made.
func TestResources(t *testing.T) {
	arm64, x86 := packagedStack(t, "arm64"), packagedStack(t, "x86_64")
	assert.Equal(t, arm64, strings.ReplaceAll(x86, "x86_64", "arm64"))
	for _, route := range routes { // those that the tests of the functions use
		assert.Contains(t, arm64, "`"+route+"`")
	}
	assert.Equal(t, len(routes), strings.Count(arm64, "- RouteKey: "))

	page, err := os.ReadFile("../resources.md")
	require.NoError(t, err)
	prose, _, found := strings.Cut(string(page), "\n## AWS::")
	require.True(t, found)
	wanted := prose + "\n" + arm64
	if *update {
		require.NoError(t, os.WriteFile("../resources.md", []byte(wanted), 0o644))
		return
	}
	require.True(t, wanted == string(page),
		"resources.md is not what osls packages: run go test ./e2e -run TestResources -update")
}

type object = map[string]any

// packagedStack returns the text of the stack that osls packages, without credentials of any
// account.
func packagedStack(t *testing.T, architecture string) string {
	t.Helper()
	if _, err := os.Stat("../node_modules/.bin/osls"); err != nil {
		servers.Missing(t, err)
	}

	folder := t.TempDir()
	args := []string{"osls", "package", "--package", folder}
	for _, parameter := range []string{
		"architecture=" + architecture, "product=PRODUCT", "mailFrom=MAIL_FROM",
		"mailIdentity=MAIL_IDENTITY", "allowedOrigins=ALLOWED_ORIGINS", "alarmMail=ALARM_MAIL",
	} {
		args = append(args, "--param", parameter)
	}
	cmd := exec.Command("npx", args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(),
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "SLS_TELEMETRY_DISABLED=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	text, err := os.ReadFile(filepath.Join(folder, "cloudformation-template-update-stack.json"))
	require.NoError(t, err)
	var template struct{ Resources, Conditions object }
	require.NoError(t, json.Unmarshal(text, &template))

	sections := []string{section("Conditions", template.Conditions)}
	for name, declared := range template.Resources {
		r := declared.(object)
		kind := r["Type"].(string)
		if strings.HasPrefix(kind, "AWS::S3::") { // where osls puts the packages
			continue
		}

		properties, _ := r["Properties"].(object)
		delete(r, "Type")
		delete(r, "DependsOn")
		delete(r, "Properties")
		maps.Copy(r, properties)
		delete(r, "Code")
		sections = append(sections, section(kind+" "+name, r))
	}
	slices.Sort(sections)
	return strings.Join(sections, "\n")
}

// section returns a list of the properties, with a line for each variable and each permission.
func section(title string, properties object) string {
	text := "## " + title + "\n"
	if len(properties) > 0 {
		text += "\n"
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		lines := []any{properties[name]}
		switch name {
		case "Environment":
			variables := lines[0].(object)["Variables"].(object)
			lines = nil
			for _, variable := range slices.Sorted(maps.Keys(variables)) {
				lines = append(lines, variable+"="+plain(variables[variable]))
			}
		case "Policies":
			lines = nil
			for _, policy := range properties[name].([]any) {
				document := policy.(object)["PolicyDocument"].(object)
				lines = append(lines, document["Statement"].([]any)...)
			}
		}
		for _, line := range lines {
			text += fmt.Sprintf("- %s: `%s`\n", name, plain(line))
		}
	}
	return text
}

// plain returns a value of CloudFormation as short text, with references as in Fn::Sub.
func plain(value any) string {
	switch v := value.(type) {
	case []any:
		return "[" + list(v, ", ") + "]"
	case object:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			args, _ := v[name].([]any)
			switch function, isFunction := strings.CutPrefix(name, "Fn::"); {
			case name == "Ref":
				return fmt.Sprintf("${%s}", v[name])
			case name == "Fn::Sub":
				return plain(v[name])
			case name == "Fn::GetAtt":
				return "${" + list(args, ".") + "}"
			case name == "Fn::Join":
				return list(args[1].([]any), args[0].(string))
			case isFunction:
				return function + "(" + cmp.Or(list(args, ", "), fmt.Sprint(v[name])) + ")"
			}
			members = append(members, name+": "+plain(v[name]))
		}
		return "{" + strings.Join(members, ", ") + "}"
	default:
		return fmt.Sprint(v)
	}
}

func list(values []any, separator string) string {
	var texts []string
	for _, value := range values {
		texts = append(texts, plain(value))
	}
	return strings.Join(texts, separator)
}

// A package is one program for the machine that serverless.yml names, the one that the other tests
// run, and needs no library of the system.
func TestPackages(t *testing.T) {
	for path, machine := range map[string]elf.Machine{
		"arm64/generate": elf.EM_AARCH64, "arm64/reset": elf.EM_AARCH64,
		"x86_64/generate": elf.EM_X86_64, "x86_64/reset": elf.EM_X86_64,
	} {
		testBootstrap(t, filepath.Join("..", "build", path), machine)
	}
}

func testBootstrap(t *testing.T, path string, machine elf.Machine) {
	t.Helper()
	archive, err := zip.OpenReader(path + ".zip")
	if errors.Is(err, os.ErrNotExist) {
		servers.Missing(t, "no functions there: run `make -C examples/forgotpassword build`")
	}
	require.NoError(t, err)
	defer archive.Close()

	program, err := os.ReadFile(filepath.Join(path, "bootstrap"))
	require.NoError(t, err)
	require.Len(t, archive.File, 1)
	assert.Equal(t, "bootstrap", archive.File[0].Name)
	assert.EqualValues(t, 0o111, archive.File[0].Mode()&0o111, "executable")
	assert.Equal(t, crc32.ChecksumIEEE(program), archive.File[0].CRC32, "another program")

	binary, err := elf.NewFile(bytes.NewReader(program))
	require.NoError(t, err)
	libraries, err := binary.ImportedLibraries()
	require.NoError(t, err)
	assert.Equal(t, machine, binary.Machine)
	assert.Empty(t, libraries)
}
