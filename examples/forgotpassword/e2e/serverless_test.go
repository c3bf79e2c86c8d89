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
	"slices"
	"strings"
	"testing"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// template is what the tests look at in a CloudFormation template.
type template struct {
	Resources map[string]struct {
		Type           string
		DeletionPolicy string
		Properties     map[string]any
	}
}

// pack has osls package the service for the architecture and returns the template it makes, as text and parsed.
func pack(t *testing.T, architecture string) (string, template) {
	t.Helper()
	osls := need(t, filepath.Join("..", "node_modules", ".bin", "osls"))
	if path, err := filepath.Abs(osls); err == nil {
		osls = path
	}
	folder := t.TempDir()
	cmd := exec.Command(osls, "package", "--package", folder, "--param", "architecture="+architecture,
		"--param", "mailFrom=no-reply@acme.example", "--param", "mailIdentity=acme.example")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "SLS_TELEMETRY_DISABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(folder, "cloudformation-template-update-stack.json"))
	if err != nil {
		t.Fatal(err)
	}
	var parsed template
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	return string(text), parsed
}

// at returns what is under the path in v: names of members, and "0" for the only element of an array.
func at(v any, path ...string) any {
	for _, name := range path {
		switch node := v.(type) {
		case map[string]any:
			v = node[name]
		case []any:
			if name != "0" || len(node) != 1 {
				return nil
			}
			v = node[0]
		default:
			return nil
		}
	}
	return v
}

// asJSON returns v as JSON.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestServerless(t *testing.T) {
	for architecture, machine := range map[string]elf.Machine{"arm64": elf.EM_AARCH64, "x86_64": elf.EM_X86_64} {
		t.Run(architecture, func(t *testing.T) {
			for _, name := range []string{"generate", "reset"} {
				testBootstrap(t, filepath.Join("..", "build", architecture, name+".zip"), machine)
			}
			text, stack := pack(t, architecture)
			testFunctions(t, stack, architecture)
			testRoutes(t, stack)
			testTables(t, stack)
			testPolicies(t, stack)
			testSecret(t, text, stack)
		})
	}
}

// testBootstrap looks into a package: one program for the machine, which needs no library of the system.
func testBootstrap(t *testing.T, path string, machine elf.Machine) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if errors.Is(err, os.ErrNotExist) {
		servers.Missing(t, "the functions are not built: run `make -C examples/forgotpassword build`")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode()&0o111 != 0o111 {
		t.Fatalf("%s holds not just an executable bootstrap", path)
	}
	file, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	program, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	if libraries, err := binary.ImportedLibraries(); binary.Machine != machine || len(libraries) > 0 {
		t.Errorf("%s is for %v and needs %v (%v)", path, binary.Machine, libraries, err)
	}
}

func testFunctions(t *testing.T, stack template, architecture string) {
	for name, role := range map[string]string{"GenerateLambdaFunction": "GenerateRole", "ResetLambdaFunction": "ResetRole"} {
		p := stack.Resources[name].Properties
		if p["Runtime"] != "provided.al2023" || p["Handler"] != "bootstrap" || asJSON(t, p["Architectures"]) != `["`+architecture+`"]` {
			t.Errorf("%s is %s", name, asJSON(t, p))
		}
		if got := asJSON(t, p["Role"]); got != `{"Fn::GetAtt":["`+role+`","Arn"]}` {
			t.Errorf("%s has the role %s", name, got)
		}
		if got := asJSON(t, at(p, "Environment", "Variables")); got != `{"MAIL_FROM":"Acme \u003cno-reply@acme.example\u003e",`+
			`"OTP_SECRET_ID":{"Ref":"OtpSecret"},"OTP_TABLE":{"Ref":"OtpTable"},"USERS_TABLE":{"Ref":"UsersTable"}}` {
			t.Errorf("%s has the settings %s", name, got)
		}
	}
}

func testRoutes(t *testing.T, stack template) {
	var routes []string
	for _, r := range stack.Resources {
		if r.Type == "AWS::ApiGatewayV2::Route" {
			routes = append(routes, r.Properties["RouteKey"].(string))
		}
	}
	slices.Sort(routes)
	want := []string{"GET /generate-otp/{email}", "POST /generate-otp", "POST /login", "POST /reset", "POST /reset-password"}
	if !slices.Equal(routes, want) {
		t.Errorf("the routes are %q", routes)
	}
	limits := at(stack.Resources["HttpApiStage"].Properties, "DefaultRouteSettings")
	if got := asJSON(t, limits); got != `{"ThrottlingBurstLimit":40,"ThrottlingRateLimit":20}` {
		t.Errorf("the gateway's limits are %s", got)
	}
}

func testTables(t *testing.T, stack template) {
	for name, key := range map[string]string{"OtpTable": "pk", "UsersTable": "email"} {
		r := stack.Resources[name]
		p := r.Properties
		if r.Type != "AWS::DynamoDB::Table" || p["BillingMode"] != "PAY_PER_REQUEST" ||
			at(p, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true ||
			at(p, "SSESpecification", "SSEEnabled") != true ||
			asJSON(t, p["KeySchema"]) != `[{"AttributeName":"`+key+`","KeyType":"HASH"}]` {
			t.Errorf("%s is %s", name, asJSON(t, r))
		}
	}
	if got := asJSON(t, stack.Resources["OtpTable"].Properties["TimeToLiveSpecification"]); got != `{"AttributeName":"expires","Enabled":true}` {
		t.Errorf("the TTL is %s", got)
	}
	if stack.Resources["UsersTable"].DeletionPolicy != "Retain" {
		t.Error("the accounts go with the stack")
	}
}

// What each function may do is spelled out: exactly these actions, each on one named resource.
func testPolicies(t *testing.T, stack template) {
	wanted := map[string]map[string]string{
		"GenerateRole": {
			"dynamodb:GetItem,dynamodb:PutItem":      `{"Fn::GetAtt":["OtpTable","Arn"]}`,
			"dynamodb:GetItem":                       `{"Fn::GetAtt":["UsersTable","Arn"]}`,
			"logs:CreateLogStream,logs:PutLogEvents": `{"Fn::GetAtt":["GenerateLogGroup","Arn"]}`,
			"secretsmanager:GetSecretValue":          `{"Ref":"OtpSecret"}`,
			"ses:SendEmail":                          `{"Fn::Sub":"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/acme.example"}`,
		},
		"ResetRole": {
			"dynamodb:GetItem,dynamodb:PutItem":      `{"Fn::GetAtt":["OtpTable","Arn"]}`,
			"dynamodb:GetItem,dynamodb:UpdateItem":   `{"Fn::GetAtt":["UsersTable","Arn"]}`,
			"logs:CreateLogStream,logs:PutLogEvents": `{"Fn::GetAtt":["ResetLogGroup","Arn"]}`,
			"secretsmanager:GetSecretValue":          `{"Ref":"OtpSecret"}`,
			"ses:SendEmail":                          `{"Fn::Sub":"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/acme.example"}`,
		},
	}
	for name, r := range stack.Resources {
		if r.Type == "AWS::IAM::Policy" || r.Type == "AWS::IAM::ManagedPolicy" || r.Type == "AWS::IAM::Role" && wanted[name] == nil {
			t.Errorf("there is a %s named %s", r.Type, name)
		}
	}
	for role, grants := range wanted {
		p := stack.Resources[role].Properties
		if asJSON(t, p["ManagedPolicyArns"]) != "null" {
			t.Errorf("%s has managed policies", role)
		}
		statements, _ := at(p, "Policies", "0", "PolicyDocument", "Statement").([]any)
		if len(statements) != len(grants) {
			t.Errorf("%s has %d statements, want %d", role, len(statements), len(grants))
		}
		for _, s := range statements {
			var actions []string
			switch action := at(s, "Action").(type) {
			case string:
				actions = []string{action}
			case []any:
				for _, a := range action {
					actions = append(actions, a.(string))
				}
			}
			resource := asJSON(t, at(s, "Resource"))
			if grants[strings.Join(actions, ",")] != resource || at(s, "Effect") != "Allow" {
				t.Errorf("%s allows %q on %s", role, actions, resource)
			}
			if strings.Contains(strings.Join(actions, " ")+resource, "*") {
				t.Errorf("%s has a wildcard: %q on %s", role, actions, resource)
			}
			if actions[0] == "ses:SendEmail" && asJSON(t, at(s, "Condition")) != `{"StringEquals":{"ses:FromAddress":"no-reply@acme.example"}}` {
				t.Errorf("%s may send as anybody: %s", role, asJSON(t, s))
			}
		}
	}
}

// The secret is made by CloudFormation and stands nowhere.
func testSecret(t *testing.T, text string, stack template) {
	r := stack.Resources["OtpSecret"]
	if r.Type != "AWS::SecretsManager::Secret" || r.Properties["SecretString"] != nil ||
		asJSON(t, r.Properties["GenerateSecretString"]) != `{"ExcludePunctuation":true,"PasswordLength":64}` {
		t.Errorf("the secret is %s", asJSON(t, r))
	}
	if strings.Contains(text, "OTP_SECRET\"") || strings.Contains(text, "resolve:secretsmanager") {
		t.Error("the template hands out the secret itself")
	}
}
