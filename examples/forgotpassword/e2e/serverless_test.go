package e2e

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// packs are the templates that osls has made, by parameters.
var packs = map[string]string{}

// pack has osls package the service, without credentials of any account, and returns the
// CloudFormation template that it makes.
func pack(t *testing.T, parameters ...string) string {
	t.Helper()

	key := strings.Join(parameters, " ")
	if text, made := packs[key]; made {
		return text
	}

	osls, err := filepath.Abs(need(t, filepath.Join("..", "node_modules", ".bin", "osls")))
	require.NoError(t, err)

	folder := t.TempDir()
	cmd := exec.Command(osls, append([]string{"package", "--package", folder,
		"--param", "product=Acme",
		"--param", "mailFrom=no-reply@acme.example",
		"--param", "mailIdentity=acme.example"}, parameters...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(),
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "SLS_TELEMETRY_DISABLED=1")

	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	text, err := os.ReadFile(filepath.Join(folder, "cloudformation-template-update-stack.json"))
	require.NoError(t, err)
	packs[key] = string(text)
	return packs[key]
}

// The packages are for the architecture that the functions are deployed on.
func TestPackages(t *testing.T) {
	for architecture, machine := range map[string]elf.Machine{
		"arm64": elf.EM_AARCH64, "x86_64": elf.EM_X86_64,
	} {
		for _, name := range []string{"generate", "reset"} {
			testBootstrap(t, filepath.Join("..", "build", architecture, name+".zip"), machine)
		}

		var template object
		text := pack(t, "--param", "architecture="+architecture)
		require.NoError(t, json.Unmarshal([]byte(text), &template))
		s, err := fromCloudFormation(template, nil)
		require.NoError(t, err)

		for _, id := range []string{"GenerateLambdaFunction", "ResetLambdaFunction"} {
			p := s[id].Properties.(object)
			assert.Equal(t, []any{architecture}, p["Architectures"])
			assert.Equal(t, "provided.al2023", p["Runtime"])
			assert.Equal(t, "bootstrap", p["Handler"])
		}
	}
}

// testBootstrap looks into a package: one program for the machine, which needs no library of the
// system.
func testBootstrap(t *testing.T, path string, machine elf.Machine) {
	t.Helper()

	archive, err := zip.OpenReader(path)
	if errors.Is(err, os.ErrNotExist) {
		servers.Missing(t, "no functions there: run `make -C examples/forgotpassword build`")
	}
	require.NoError(t, err)
	defer archive.Close()

	require.Len(t, archive.File, 1)
	assert.Equal(t, "bootstrap", archive.File[0].Name)
	assert.EqualValues(t, 0o111, archive.File[0].Mode()&0o111, "executable")

	file, err := archive.File[0].Open()
	require.NoError(t, err)
	program, err := io.ReadAll(file)
	require.NoError(t, err)

	binary, err := elf.NewFile(bytes.NewReader(program))
	require.NoError(t, err)
	libraries, err := binary.ImportedLibraries()
	require.NoError(t, err)
	assert.Equal(t, machine, binary.Machine)
	assert.Empty(t, libraries)
}

// What each function may do is spelled out: exactly these actions, each on one named resource.
func TestLeastPrivilege(t *testing.T) {
	const identity = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:" +
		"identity/acme.example"

	wanted := map[string]map[string]string{
		"GenerateRole": {
			"dynamodb:GetItem dynamodb:PutItem":      "@OtpTable.Arn",
			"dynamodb:GetItem":                       "@UsersTable.Arn",
			"logs:CreateLogStream logs:PutLogEvents": "@GenerateLogGroup.Arn:*",
			"secretsmanager:GetSecretValue":          "@OtpSecret",
			"ses:SendEmail":                          identity,
		},
		"ResetRole": {
			"dynamodb:GetItem dynamodb:PutItem":      "@OtpTable.Arn",
			"dynamodb:GetItem dynamodb:UpdateItem":   "@UsersTable.Arn",
			"logs:CreateLogStream logs:PutLogEvents": "@ResetLogGroup.Arn:*",
			"secretsmanager:GetSecretValue":          "@OtpSecret",
			"ses:SendEmail":                          identity,
		},
	}

	type statement struct {
		Effect, Resource  string
		Action, Condition any
	}
	type role struct {
		ManagedPolicyArns []string
		Policies          []struct {
			PolicyDocument struct{ Statement []statement }
		}
	}

	for id, r := range oslsStack(t, "", "") {
		if !strings.HasPrefix(r.Type, "AWS::IAM::") {
			continue
		}
		require.Contains(t, wanted, id)

		var got role
		require.NoError(t, json.Unmarshal([]byte(asJSON(r.Properties)), &got))
		require.Empty(t, got.ManagedPolicyArns)
		require.Len(t, got.Policies, 1)

		grants := map[string]string{}
		for _, s := range got.Policies[0].PolicyDocument.Statement {
			require.Equal(t, "Allow", s.Effect)

			actions := words(s.Action)
			grants[actions] = s.Resource
			if actions == "ses:SendEmail" {
				from := object{"ses:FromAddress": "no-reply@acme.example"}
				assert.Equal(t, object{"StringEquals": from}, s.Condition)
			}
		}
		assert.Equal(t, wanted[id], grants, id)
		delete(wanted, id)
	}

	assert.Empty(t, wanted, "roles that are not there")
}

// words joins a text, or a list of texts, with spaces.
func words(v any) string {
	list, ok := v.([]any)
	if !ok {
		return v.(string)
	}
	return joined(" ", list)
}

// Alarms are set on faults, throttles and mail. Each is sent to the one topic.
func TestAlarms(t *testing.T) {
	metrics := map[string]string{}
	for _, r := range oslsStack(t, "", "") {
		p := r.Properties.(object)
		if r.Type == "AWS::CloudWatch::Alarm" {
			name := p["AlarmName"].(string)
			metrics[name] = joined(" ", []any{p["Namespace"], p["MetricName"]})
			assert.Equal(t, []any{"@Alarms"}, p["AlarmActions"])
		}
	}

	assert.Equal(t, map[string]string{
		"forgotpassword-prod-api-faults":         "AWS/ApiGateway 5xx",
		"forgotpassword-prod-generate-errors":    "AWS/Lambda Errors",
		"forgotpassword-prod-generate-throttles": "AWS/Lambda Throttles",
		"forgotpassword-prod-generate-faults":    "forgotpassword-prod generate-faults",
		"forgotpassword-prod-reset-errors":       "AWS/Lambda Errors",
		"forgotpassword-prod-reset-throttles":    "AWS/Lambda Throttles",
		"forgotpassword-prod-reset-faults":       "forgotpassword-prod reset-faults",
		"forgotpassword-prod-mail-bounces":       "AWS/SES Reputation.BounceRate",
		"forgotpassword-prod-mail-complaints":    "AWS/SES Reputation.ComplaintRate",
	}, metrics)
}

// One parameter lists the origins for the gateway's CORS and for the functions.
func TestOrigins(t *testing.T) {
	for _, list := range []string{"", origins} {
		s := oslsStack(t, list, "")

		cors, _ := s["HttpApi"].Properties.(object)["CorsConfiguration"].(object)
		if list == "" {
			assert.Nil(t, cors)
		} else {
			assert.Equal(t, split(",", origins), cors["AllowOrigins"])
		}

		for _, id := range []string{"GenerateLambdaFunction", "ResetLambdaFunction"} {
			environment := s[id].Properties.(object)["Environment"].(object)
			assert.Equal(t, list, environment["Variables"].(object)["ALLOWED_ORIGINS"])
		}
	}
}

// The tables keep what must be kept, and the routes are those that the tests of the functions use.
func TestTablesAndRoutes(t *testing.T) {
	s := oslsStack(t, "", "")

	for id, key := range map[string]string{"OtpTable": "pk", "UsersTable": "email"} {
		p := s[id].Properties.(object)
		assert.Equal(t, []any{object{"AttributeName": key, "KeyType": "HASH"}}, p["KeySchema"])
		recovery := object{"PointInTimeRecoveryEnabled": true}
		assert.Equal(t, recovery, p["PointInTimeRecoverySpecification"])
		assert.Equal(t, object{"SSEEnabled": true}, p["SSESpecification"])
	}
	ttl := object{"AttributeName": "expires", "Enabled": true}
	assert.Equal(t, ttl, s["OtpTable"].Properties.(object)["TimeToLiveSpecification"])
	assert.True(t, s["UsersTable"].Retained)
	assert.Equal(t, true, s["UsersTable"].Properties.(object)["DeletionProtectionEnabled"])

	var found []string
	for id := range s {
		if route, ok := strings.CutPrefix(id, "Route "); ok {
			found = append(found, route)
		}
	}
	assert.ElementsMatch(t, routes, found)
}

// The secret is made by CloudFormation and stands nowhere.
func TestSecret(t *testing.T) {
	text := pack(t)
	assert.NotContains(t, text, `OTP_SECRET"`)
	assert.NotContains(t, text, "resolve:secretsmanager")

	p := oslsStack(t, "", "")["OtpSecret"].Properties.(object)
	made := object{"PasswordLength": 64.0, "ExcludePunctuation": true}
	assert.Equal(t, made, p["GenerateSecretString"])
	assert.NotContains(t, p, "SecretString")
}
