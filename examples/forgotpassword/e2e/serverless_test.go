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
	"reflect"
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
	assert.Equal(t, len(routes), strings.Count(arm64, "HttpApiRoute"))

	page, err := os.ReadFile("../resources.md")
	require.NoError(t, err)
	text, _, found := strings.Cut(string(page), "\n## AWS::")
	require.True(t, found)
	wanted := text + "\n" + arm64
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
	osls, err := filepath.Abs(need(t, filepath.Join("..", "node_modules", ".bin", "osls")))
	require.NoError(t, err)

	folder := t.TempDir()
	args := []string{"package", "--package", folder}
	for _, parameter := range []string{
		"architecture=" + architecture, "product=PRODUCT", "mailFrom=MAIL_FROM",
		"mailIdentity=MAIL_IDENTITY", "allowedOrigins=ALLOWED_ORIGINS", "alarmMail=ALARM_MAIL",
	} {
		args = append(args, "--param", parameter)
	}
	cmd := exec.Command(osls, args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(),
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "SLS_TELEMETRY_DISABLED=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	file, err := os.Open(filepath.Join(folder, "cloudformation-template-update-stack.json"))
	require.NoError(t, err)
	defer file.Close()
	var template struct {
		Resources  map[string]resource
		Conditions object
	}
	require.NoError(t, json.NewDecoder(file).Decode(&template))
	conditions := object{"the stack": template.Conditions}
	return strings.TrimSpace(stackText(template.Resources)+section("Conditions", conditions)) + "\n"
}

type resource struct {
	Type, Condition, DeletionPolicy, UpdateReplacePolicy string
	Properties                                           object
}

// stackText returns a section for each type of resource, and one each for the permissions of the
// roles and the variables of the functions.
func stackText(resources map[string]resource) (text string) {
	byType := map[string]object{}
	add := func(kind, name string, properties object) {
		if byType[kind] == nil {
			byType[kind] = object{}
		}
		byType[kind][name] = properties
	}
	for name, r := range resources {
		p := r.Properties
		if p == nil {
			p = object{}
		}
		for property, value := range map[string]string{"Condition": r.Condition,
			"DeletionPolicy": r.DeletionPolicy, "UpdateReplacePolicy": r.UpdateReplacePolicy} {
			if value != "" {
				p[property] = value
			}
		}

		switch r.Type {
		case "AWS::S3::Bucket", "AWS::S3::BucketPolicy": // where osls puts the packages
			continue
		case "AWS::Lambda::Function":
			add("Variables", name, p["Environment"].(object)["Variables"].(object))
			delete(p, "Environment")
			delete(p, "Code")
		case "AWS::IAM::Role":
			for i, s := range statements(p["Policies"]) {
				add("Permissions", fmt.Sprintf("%s, %d", name, i+1), s.(object))
			}
			delete(p, "Policies")
		}
		add(r.Type, name, p)
	}

	for _, kind := range slices.Sorted(maps.Keys(byType)) {
		text += section(kind, byType[kind])
	}
	return text
}

// statements returns those of the policies of a role.
func statements(policies any) (all []any) {
	for _, policy := range policies.([]any) {
		all = append(all, policy.(object)["PolicyDocument"].(object)["Statement"].([]any)...)
	}
	return all
}

// section returns a list of what all members have in common, and a table of what differs.
func section(title string, members object) string {
	columns, common := map[string]bool{}, object{}
	for _, member := range members {
		maps.Copy(common, member.(object))
	}
	for _, member := range members {
		for property, value := range common {
			if !reflect.DeepEqual(member.(object)[property], value) {
				columns[property] = true
			}
		}
	}

	differing := slices.Sorted(maps.Keys(columns))
	names := slices.Sorted(maps.Keys(members))
	text := "## " + title + "\n\n"
	if len(differing) == 0 {
		text += "For " + strings.Join(names, " and ") + ":\n\n"
	}
	for _, property := range slices.Sorted(maps.Keys(common)) {
		if !columns[property] {
			text += fmt.Sprintf("- %s: `%s`\n", property, plain(common[property]))
		}
	}
	if len(differing) == 0 {
		return text + "\n"
	}

	rows := [][]string{append([]string{"", "Name"}, differing...), {"", "---"}}
	rows[1] = append(rows[1], slices.Repeat([]string{"---"}, len(differing))...)
	for _, name := range names {
		row := []string{"", name}
		for _, property := range differing {
			row = append(row, cell(members[name].(object)[property]))
		}
		rows = append(rows, row)
	}
	for i, row := range rows {
		if i == 0 && len(differing) < len(common) {
			text += "\n"
		}
		text += strings.TrimSpace(strings.Join(row, " | ")) + " |\n"
	}
	return text + "\n"
}

func cell(value any) string {
	if value == nil {
		return ""
	}
	return "`" + plain(value) + "`"
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
	for architecture, machine := range map[string]elf.Machine{
		"arm64": elf.EM_AARCH64, "x86_64": elf.EM_X86_64,
	} {
		for _, name := range []string{"generate", "reset"} {
			testBootstrap(t, filepath.Join("..", "build", architecture, name), machine)
		}
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
