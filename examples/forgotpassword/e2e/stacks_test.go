package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

const (
	origins   = "https://app.acme.example,https://acme.example"
	alarmMail = "ops@acme.example"
)

// samTemplate returns the template of deploy/sam.
func samTemplate(t *testing.T) object {
	t.Helper()

	text, err := os.ReadFile(filepath.Join("..", "deploy", "sam", "template.yaml"))
	require.NoError(t, err)
	template, err := parseYAML(text)
	require.NoError(t, err)
	return template
}

func samStack(template object, origins, alarmMail string) (stack, error) {
	return fromCloudFormation(template, map[string]string{
		"Product": "Acme", "MailFrom": "no-reply@acme.example", "MailIdentity": "acme.example",
		"AllowedOrigins": origins, "AlarmMail": alarmMail,
		"AWS::StackName": "forgotpassword-prod",
	})
}

// terraformFiles returns the files of deploy/terraform.
func terraformFiles(t *testing.T) map[string][]byte {
	t.Helper()

	names, err := filepath.Glob(filepath.Join("..", "deploy", "terraform", "*.tf"))
	require.NoError(t, err)
	require.NotEmpty(t, names)

	files := map[string][]byte{}
	for _, name := range names {
		files[filepath.Base(name)], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	return files
}

func terraformStack(files map[string][]byte, origins, alarmMail string) (stack, error) {
	list := cty.ListValEmpty(cty.String)
	if origins != "" {
		var values []cty.Value
		for origin := range strings.SplitSeq(origins, ",") {
			values = append(values, cty.StringVal(origin))
		}
		list = cty.ListVal(values)
	}
	return fromTerraform(files, map[string]cty.Value{
		"product": cty.StringVal("Acme"), "mail_from": cty.StringVal("no-reply@acme.example"),
		"mail_identity": cty.StringVal("acme.example"), "allowed_origins": list,
		"alarm_mail": cty.StringVal(alarmMail),
	})
}

// oslsStack returns the stack that osls packages.
func oslsStack(t *testing.T, origins, alarmMail string) stack {
	t.Helper()

	var parameters []string
	if origins != "" { // osls takes no empty value
		parameters = append(parameters, "--param", "allowedOrigins="+origins)
	}
	if alarmMail != "" {
		parameters = append(parameters, "--param", "alarmMail="+alarmMail)
	}

	var template object
	require.NoError(t, json.Unmarshal([]byte(pack(t, parameters...)), &template))
	s, err := fromCloudFormation(template, nil)
	require.NoError(t, err)
	require.Greater(t, len(s), 20)
	return s
}

// optional are the parameters that may be left out, and what they are for a test.
var optional = []struct{ origins, alarmMail string }{{}, {origins, alarmMail}}

// unlike compares stacks with what osls packages, with and without what is optional.
func unlike(
	want []stack, build func(origins, alarmMail string) (stack, error),
) (found []string, err error) {
	for i, o := range optional {
		got, err := build(o.origins, o.alarmMail)
		if err != nil {
			return nil, err
		}
		found = append(found, differences(want[i], got)...)
	}
	return found, nil
}

func oslsStacks(t *testing.T) (stacks []stack) {
	t.Helper()

	for _, o := range optional {
		stacks = append(stacks, oslsStack(t, o.origins, o.alarmMail))
	}
	return stacks
}

// The three deployments make the same resources. Whatever is taken out of the SAM template or the
// Terraform module, the comparison notices, but for what is no part of the stack.

func TestSAM(t *testing.T) {
	want := oslsStacks(t)
	build := func(template object) func(origins, alarmMail string) (stack, error) {
		return func(origins, alarmMail string) (stack, error) {
			return samStack(template, origins, alarmMail)
		}
	}

	template := samTemplate(t)
	found, err := unlike(want, build(template))
	require.NoError(t, err)
	require.Empty(t, found, "serverless.yml and the SAM template")

	exempt := regexp.MustCompile(`^Resources/\w+/(DependsOn|UpdateReplacePolicy)$|/CodeUri$` +
		`|^Outputs|^Parameters|^Description|^AWSTemplateFormatVersion|^Transform`)
	tried := 0

	withoutEach(template, func(path string, mutant object) {
		if !exempt.MatchString(path) {
			tried++
			found, err := unlike(want, build(mutant))
			assert.True(t, err != nil || len(found) > 0, "%s is not missed", path)
		}
	})

	assert.Greater(t, tried, 400)
}

// withoutEach calls visit with the value less one of its parts, for each part at any depth.
func withoutEach(root object, visit func(path string, mutant object)) {
	var walk func(path []string, v any, rebuild func(any) object)
	walk = func(path []string, v any, rebuild func(any) object) {
		switch v := v.(type) {
		case object:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				here := append(slices.Clone(path), name)
				less := maps.Clone(v)
				delete(less, name)
				visit(strings.Join(here, "/"), rebuild(less))
				walk(here, v[name], func(part any) object {
					more := maps.Clone(v)
					more[name] = part
					return rebuild(more)
				})
			}
		case []any:
			for i := range v {
				here := append(slices.Clone(path), fmt.Sprint(i))
				visit(strings.Join(here, "/"), rebuild(slices.Delete(slices.Clone(v), i, i+1)))
				walk(here, v[i], func(part any) object {
					more := slices.Clone(v)
					more[i] = part
					return rebuild(more)
				})
			}
		}
	}

	walk(nil, root, func(v any) object { return v.(object) })
}

func TestTerraform(t *testing.T) {
	want := oslsStacks(t)
	build := func(files map[string][]byte) func(origins, alarmMail string) (stack, error) {
		return func(origins, alarmMail string) (stack, error) {
			return terraformStack(files, origins, alarmMail)
		}
	}

	files := terraformFiles(t)
	found, err := unlike(want, build(files))
	require.NoError(t, err)
	require.Empty(t, found, "serverless.yml and the Terraform module")

	exempt := regexp.MustCompile(`^(name|name_prefix|filename|source_code_hash|depends_on) +=` +
		`|^data |^packages +=`)
	tried := 0

	for _, name := range []string{"main.tf", "alarms.tf"} {
		text := files[name]
		file, diagnostics := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		require.False(t, diagnostics.HasErrors(), diagnostics)

		for _, r := range parts(file.Body.(*hclsyntax.Body)) {
			part := string(text[r.Start.Byte:r.End.Byte])
			if exempt.MatchString(part) {
				continue
			}

			tried++
			mutant := maps.Clone(files)
			mutant[name] = slices.Concat(text[:r.Start.Byte], text[r.End.Byte:])
			found, err := unlike(want, build(mutant))
			assert.True(t, err != nil || len(found) > 0, "not missed: %s", part)
		}
	}

	assert.Greater(t, tried, 150)
}

// parts returns where blocks, attributes and members of objects stand, at any depth.
func parts(body *hclsyntax.Body) []hcl.Range {
	var ranges []hcl.Range

	for _, attribute := range body.Attributes {
		ranges = append(ranges, attribute.SrcRange)
		hclsyntax.VisitAll(attribute.Expr, func(node hclsyntax.Node) hcl.Diagnostics {
			if object, ok := node.(*hclsyntax.ObjectConsExpr); ok {
				for _, item := range object.Items {
					key, value := item.KeyExpr.Range(), item.ValueExpr.Range()
					ranges = append(ranges, hcl.RangeBetween(key, value))
				}
			}
			return nil
		})
	}
	for _, block := range body.Blocks {
		ranges = append(ranges, block.Range())
		ranges = append(ranges, parts(block.Body)...)
	}
	return ranges
}

// The Terraform module is formatted as "terraform fmt" does.
func TestTerraformFormat(t *testing.T) {
	for name, text := range terraformFiles(t) {
		assert.Equal(t, string(hclwrite.Format(text)), string(text), name)
	}
}
