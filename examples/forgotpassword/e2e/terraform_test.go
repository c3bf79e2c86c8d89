package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyfunction "github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// A module is a Terraform module while it is evaluated, as much as the one in deploy/terraform
// needs: variables, locals, count, for_each, dynamic blocks, and references in any order.
type module struct {
	blocks    []*hclsyntax.Block
	variables map[string]cty.Value
	locals    map[string]cty.Value
	managed   map[string]map[string]cty.Value // by type and name
	ephemeral map[string]cty.Value            // of type random_password, by name
}

// An instance is a resource with its attributes evaluated, and blocks as lists of objects.
type instance struct {
	kind, name, key string
	attributes      object
}

// fromTerraform returns the stack of a module, in the terms of CloudFormation.
func fromTerraform(files map[string][]byte, variables map[string]cty.Value) (stack, error) {
	m := &module{
		variables: map[string]cty.Value{},
		locals:    map[string]cty.Value{},
		managed:   map[string]map[string]cty.Value{},
		ephemeral: map[string]cty.Value{},
	}

	for name, text := range files {
		file, diagnostics := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		m.blocks = append(m.blocks, file.Body.(*hclsyntax.Body).Blocks...)
	}

	if err := m.declare(variables); err != nil {
		return nil, err
	}

	instances, err := m.instances()
	if err != nil {
		return nil, err
	}
	return translated(instances)
}

// declare gives the variables their values, and evaluates locals and references until all are
// known. It takes several rounds, since they are in no order.
func (m *module) declare(given map[string]cty.Value) error {
	for _, b := range m.of("variable") {
		name := b.Labels[0]
		if value, ok := given[name]; ok {
			m.variables[name] = value
			continue
		}

		standard, ok := b.Body.Attributes["default"]
		if !ok {
			return fmt.Errorf("the variable %s is missing", name)
		}
		value, diagnostics := standard.Expr.Value(nil)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		m.variables[name] = value
	}

	for _, b := range m.of("ephemeral") {
		m.ephemeral[b.Labels[1]] = cty.ObjectVal(map[string]cty.Value{
			"result": cty.StringVal("ephemeral." + b.Labels[1]),
		})
	}

	for before := -1; ; {
		pending := m.round()
		if pending == nil || before == len(pending) {
			return errors.Join(pending...)
		}
		before = len(pending)
	}
}

// round evaluates what it can, and returns an error for each thing that it cannot yet.
func (m *module) round() (pending []error) {
	for _, b := range m.of("locals") {
		for name, attribute := range b.Body.Attributes {
			value, diagnostics := attribute.Expr.Value(m.context(nil))
			if diagnostics.HasErrors() {
				pending = append(pending, diagnostics)
				continue
			}
			m.locals[name] = value
		}
	}

	for _, b := range m.of("resource") {
		keys, err := m.keys(b.Body)
		if err != nil {
			pending = append(pending, err)
			continue
		}

		kind, name := b.Labels[0], b.Labels[1]
		if m.managed[kind] == nil {
			m.managed[kind] = map[string]cty.Value{}
		}
		m.managed[kind][name] = referenced(kind, name, keys)
	}
	return pending
}

func (m *module) of(kind string) []*hclsyntax.Block {
	var blocks []*hclsyntax.Block
	for _, b := range m.blocks {
		if b.Type == kind {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// keys returns the values of "each" for the instances of a resource; without for_each and count,
// one with the key "".
func (m *module) keys(body *hclsyntax.Body) (map[string]cty.Value, error) {
	keys := map[string]cty.Value{}

	if each, ok := body.Attributes["for_each"]; ok {
		value, diagnostics := each.Expr.Value(m.context(nil))
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		for key, element := range value.AsValueMap() {
			keys[key] = element
		}
		return keys, nil
	}

	if count, ok := body.Attributes["count"]; ok {
		value, diagnostics := count.Expr.Value(m.context(nil))
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		if value.RawEquals(cty.NumberIntVal(0)) {
			return keys, nil
		}
	}

	keys[""] = cty.NilVal
	return keys, nil
}

// referenced returns what other resources can refer to: an object, or one for each key.
func referenced(kind, name string, keys map[string]cty.Value) cty.Value {
	objects := map[string]cty.Value{}
	for key := range keys {
		id := logicalID(kind, name, key)
		const api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"

		objects[key] = cty.ObjectVal(map[string]cty.Value{
			"id":            cty.StringVal("@" + id),
			"name":          cty.StringVal("@" + id),
			"function_name": cty.StringVal("@" + id),
			"arn":           cty.StringVal(arn(kind, id)),
			"execution_arn": cty.StringVal(api + "@" + id),
		})
	}

	if one, ok := objects[""]; ok {
		return one
	}
	return cty.ObjectVal(objects)
}

// arn returns what refers to the ARN of a resource. CloudFormation's Ref of some is the ARN.
func arn(kind, id string) string {
	if kind == "aws_secretsmanager_secret" || kind == "aws_sns_topic" {
		return "@" + id
	}
	return "@" + id + ".Arn"
}

// context returns what expressions can refer to. Each is nil outside of resources.
func (m *module) context(each map[string]cty.Value) *hcl.EvalContext {
	text := func(name, value string) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{
			"current": cty.ObjectVal(map[string]cty.Value{name: cty.StringVal(value)}),
		})
	}

	variables := map[string]cty.Value{
		"var":   cty.ObjectVal(m.variables),
		"local": cty.ObjectVal(m.locals),
		"path":  cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(".")}),
		"ephemeral": cty.ObjectVal(map[string]cty.Value{
			"random_password": cty.ObjectVal(m.ephemeral),
		}),
		"data": cty.ObjectVal(map[string]cty.Value{
			"aws_partition":       text("partition", "${AWS::Partition}"),
			"aws_region":          text("region", "${AWS::Region}"),
			"aws_caller_identity": text("account_id", "${AWS::AccountId}"),
		}),
	}
	for kind, names := range m.managed {
		variables[kind] = cty.ObjectVal(names)
	}
	for name, value := range each {
		variables[name] = value
	}
	return &hcl.EvalContext{Variables: variables, Functions: map[string]ctyfunction.Function{
		"coalesce":   stdlib.CoalesceFunc,
		"join":       stdlib.JoinFunc,
		"jsonencode": stdlib.JSONEncodeFunc,
		"length":     stdlib.LengthFunc,
		"merge":      stdlib.MergeFunc,
		// The packages are none of the stack's business.
		"filebase64sha256": stdlib.MakeToFunc(cty.String),
	}}
}

// instances evaluates the resources.
func (m *module) instances() ([]instance, error) {
	var instances []instance

	for _, b := range append(m.of("resource"), m.of("ephemeral")...) {
		keys, err := m.keys(b.Body)
		if err != nil {
			return nil, err
		}

		for key, value := range keys {
			each := map[string]cty.Value{}
			if key != "" {
				each["each"] = cty.ObjectVal(map[string]cty.Value{
					"key": cty.StringVal(key), "value": value,
				})
			}

			attributes, err := m.body(b.Body, each)
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", b.Labels[0], b.Labels[1], err)
			}
			instances = append(instances, instance{b.Labels[0], b.Labels[1], key, attributes})
		}
	}
	return instances, nil
}

// body evaluates attributes and blocks, but for what is for Terraform alone.
func (m *module) body(body *hclsyntax.Body, each map[string]cty.Value) (object, error) {
	attributes := object{}

	for name, attribute := range body.Attributes {
		if slices.Contains([]string{"for_each", "count", "depends_on"}, name) {
			continue
		}

		value, diagnostics := attribute.Expr.Value(m.context(each))
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}

		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return nil, err
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, err
		}
		attributes[name] = v
	}

	for _, b := range body.Blocks {
		name, contents, err := m.block(b, each)
		if err != nil {
			return nil, err
		}
		list, _ := attributes[name].([]any)
		attributes[name] = append(list, contents...)
	}
	return attributes, nil
}

// block evaluates a block, or one for each element of a dynamic one.
func (m *module) block(b *hclsyntax.Block, each map[string]cty.Value) (string, []any, error) {
	if b.Type != "dynamic" {
		content, err := m.body(b.Body, each)
		return b.Type, []any{content}, err
	}

	name := b.Labels[0]
	forEach, ok := b.Body.Attributes["for_each"]
	if !ok || len(b.Body.Blocks) != 1 {
		return name, nil, fmt.Errorf("dynamic %s has no for_each or no content", name)
	}
	elements, diagnostics := forEach.Expr.Value(m.context(each))
	if diagnostics.HasErrors() {
		return name, nil, diagnostics
	}

	var contents []any
	for _, element := range elements.AsValueSlice() {
		inner := map[string]cty.Value{name: cty.ObjectVal(map[string]cty.Value{"value": element})}
		for n, v := range each {
			inner[n] = v
		}

		content, err := m.body(b.Body.Blocks[0].Body, inner)
		if err != nil {
			return name, nil, err
		}
		contents = append(contents, content)
	}
	return name, contents, nil
}

// logicalID returns the name that CloudFormation's templates give to the resource.
func logicalID(kind, name, key string) string {
	switch kind {
	case "aws_dynamodb_table":
		return pascal(name) + "Table"
	case "aws_secretsmanager_secret":
		return pascal(name) + "Secret"
	case "aws_cloudwatch_log_group":
		return pascal(key) + "LogGroup"
	case "aws_iam_role":
		return pascal(key) + "Role"

	case "aws_lambda_function":
		return pascal(key) + "LambdaFunction"
	case "aws_lambda_permission":
		return pascal(key) + "LambdaPermissionHttpApi"

	case "aws_apigatewayv2_api":
		return "HttpApi"
	case "aws_apigatewayv2_stage":
		return "HttpApiStage"
	case "aws_apigatewayv2_integration":
		return "HttpApiIntegration" + pascal(key)

	case "aws_sns_topic":
		return "Alarms"
	case "aws_sns_topic_subscription":
		return "AlarmMailSubscription"
	case "aws_cloudwatch_log_metric_filter":
		return pascal(key) + "FaultsFilter"
	case "aws_cloudwatch_metric_alarm":
		return pascal(key)

	default:
		return kind + "." + name + "." + key
	}
}

// cloudFormationTypes are those of the resources that stand in templates by themselves.
var cloudFormationTypes = map[string]string{
	"aws_dynamodb_table":               "AWS::DynamoDB::Table",
	"aws_secretsmanager_secret":        "AWS::SecretsManager::Secret",
	"aws_cloudwatch_log_group":         "AWS::Logs::LogGroup",
	"aws_iam_role":                     "AWS::IAM::Role",
	"aws_lambda_function":              "AWS::Lambda::Function",
	"aws_lambda_permission":            "AWS::Lambda::Permission",
	"aws_apigatewayv2_api":             "AWS::ApiGatewayV2::Api",
	"aws_apigatewayv2_stage":           "AWS::ApiGatewayV2::Stage",
	"aws_apigatewayv2_integration":     "AWS::ApiGatewayV2::Integration",
	"aws_apigatewayv2_route":           "AWS::ApiGatewayV2::Route",
	"aws_sns_topic":                    "AWS::SNS::Topic",
	"aws_sns_topic_subscription":       "AWS::SNS::Subscription",
	"aws_cloudwatch_log_metric_filter": "AWS::Logs::MetricFilter",
	"aws_cloudwatch_metric_alarm":      "AWS::CloudWatch::Alarm",
}

// translated returns the stack of the instances.
func translated(instances []instance) (stack, error) {
	s := stack{}
	for _, i := range instances {
		kind, ok := cloudFormationTypes[i.kind]
		if !ok {
			continue
		}
		properties, retained, err := i.properties()
		if err != nil {
			return nil, err
		}
		s.add(logicalID(i.kind, i.name, i.key), kind, retained, properties)
	}

	for _, i := range instances {
		var err error
		switch _, whole := cloudFormationTypes[i.kind]; {
		case i.kind == "aws_iam_role_policy":
			err = s.addPolicy(i)
		case i.kind == "aws_secretsmanager_secret_version":
			err = s.addValue(i, instances)
		case i.kind == "random_password": // see addValue
		case !whole:
			err = fmt.Errorf("nothing of CloudFormation is known for %s", i.kind)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// addPolicy adds an inline policy to its role.
func (s stack) addPolicy(i instance) error {
	id, _ := strings.CutPrefix(fmt.Sprint(i.attributes["role"]), "@")
	role, ok := s[id]
	if !ok {
		return fmt.Errorf("there is no role for the policy %s", i.key)
	}

	document, err := parsed(i.attributes["policy"])
	if err != nil {
		return err
	}

	role.Properties.(object)["Policies"] = []any{
		object{"PolicyName": i.attributes["name"], "PolicyDocument": document},
	}
	return nil
}

// addValue says in the secret how its value is made up.
func (s stack) addValue(i instance, instances []instance) error {
	id, _ := strings.CutPrefix(fmt.Sprint(i.attributes["secret_id"]), "@")
	secret, ok := s[id]
	if !ok || i.attributes["secret_string_wo_version"] != 1.0 {
		return errors.New("there is no secret for its value, or no version")
	}

	for _, password := range instances {
		isSource := i.attributes["secret_string_wo"] == "ephemeral."+password.name
		if isSource && password.kind == "random_password" {
			secret.Properties.(object)["GenerateSecretString"] = object{
				"PasswordLength":     password.attributes["length"],
				"ExcludePunctuation": password.attributes["special"] == false,
			}
			return nil
		}
	}
	return errors.New("the value of the secret is not made up")
}

// parsed returns what a JSON text holds.
func parsed(text any) (any, error) {
	var v any
	err := json.Unmarshal([]byte(fmt.Sprint(text)), &v)
	return v, err
}

// properties returns the properties in the terms of CloudFormation. Most have the same name there.
func (i instance) properties() (p object, retained bool, err error) {
	a := i.attributes

	take := func(name string) any {
		value := a[name]
		delete(a, name)
		return value
	}
	block := func(name string) object {
		list, _ := take(name).([]any)
		if len(list) != 1 {
			return object{}
		}
		return list[0].(object)
	}

	p = object{}

	switch i.kind {
	case "aws_dynamodb_table":
		take("name")
		key, attribute := take("hash_key"), block("attribute")
		p["KeySchema"] = []any{object{"AttributeName": key, "KeyType": "HASH"}}
		p["AttributeDefinitions"] = []any{
			object{"AttributeName": attribute["name"], "AttributeType": attribute["type"]},
		}
		p["PointInTimeRecoverySpecification"] = object{
			"PointInTimeRecoveryEnabled": block("point_in_time_recovery")["enabled"]}
		p["SSESpecification"] = object{"SSEEnabled": block("server_side_encryption")["enabled"]}
		if ttl := block("ttl"); len(ttl) > 0 {
			p["TimeToLiveSpecification"] = pascalKeys(ttl)
		}
		retained = block("lifecycle")["prevent_destroy"] == true
	case "aws_secretsmanager_secret":
		take("name_prefix")
	case "aws_cloudwatch_log_group":
		p["LogGroupName"] = take("name")
	case "aws_iam_role":
		take("name_prefix")
		p["AssumeRolePolicyDocument"], err = parsed(take("assume_role_policy"))
	case "aws_lambda_function":
		take("filename")
		take("source_code_hash")
		p["Environment"] = object{"Variables": block("environment")["variables"]}
		p["LoggingConfig"] = pascalKeys(block("logging_config"))
	case "aws_apigatewayv2_api":
		if cors := block("cors_configuration"); len(cors) > 0 {
			p["CorsConfiguration"] = pascalKeys(cors)
		}
	case "aws_apigatewayv2_stage":
		p["StageName"] = take("name")
		p["DefaultRouteSettings"] = pascalKeys(block("default_route_settings"))
	case "aws_apigatewayv2_integration":
		p["TimeoutInMillis"] = take("timeout_milliseconds")
	case "aws_sns_topic":
		take("name")
	case "aws_cloudwatch_log_metric_filter":
		take("name")
		p["FilterPattern"] = take("pattern")
		metric := object{}
		for name, value := range block("metric_transformation") {
			metric["Metric"+pascal(name)] = value
		}
		p["MetricTransformations"] = []any{metric}
	case "aws_cloudwatch_metric_alarm":
		if dimensions, _ := take("dimensions").(object); len(dimensions) > 0 {
			list := []any{}
			for name, value := range dimensions {
				list = append(list, object{"Name": name, "Value": value})
			}
			p["Dimensions"] = list
		}
	}

	for name, value := range a {
		p[pascal(name)] = value
	}
	return p, retained, err
}

// pascal returns a name as CloudFormation writes it: PayloadFormatVersion for
// payload_format_version.
func pascal(name string) string {
	var b strings.Builder
	isSeparator := func(r rune) bool { return r == '_' || r == '-' }
	for word := range strings.FieldsFuncSeq(name, isSeparator) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func pascalKeys(o object) object {
	renamed := object{}
	for name, value := range o {
		renamed[pascal(name)] = value
	}
	return renamed
}
