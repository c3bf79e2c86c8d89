package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A stack is a system of resources, by names that do not depend on the tool that deploys them.
type stack map[string]resource

// A resource has the type and the properties of CloudFormation, with all that is intrinsic
// resolved. "@Name" stands for the Ref of a resource, "@Name.Arn" for an attribute.
type resource struct {
	Type       string
	Retained   bool // outlives the stack
	Properties any
}

type object = map[string]any

// fromCloudFormation returns the stack of a template for the parameters. The pseudo parameters
// other than AWS::StackName stay as they are.
func fromCloudFormation(template object, parameters map[string]string) (stack, error) {
	resolve := resolver{parameters: maps.Clone(parameters), conditions: object{}}
	declared, _ := template["Parameters"].(object)
	for name, declaration := range declared {
		if _, given := parameters[name]; given {
			continue
		}
		standard, ok := declaration.(object)["Default"].(string)
		if !ok {
			return nil, fmt.Errorf("the parameter %s is missing", name)
		}
		resolve.parameters[name] = standard
	}

	conditions, _ := template["Conditions"].(object)
	for name, condition := range conditions {
		resolve.conditions[name] = resolve.value(condition)
	}

	globals, _ := template["Globals"].(object)
	resources, _ := template["Resources"].(object)

	s := stack{}
	for id, declaration := range resources {
		r, ok := declaration.(object)
		if !ok {
			return nil, fmt.Errorf("the resource %s is empty", id)
		}
		name, conditional := r["Condition"].(string)
		if conditional && resolve.conditions[name] != true {
			continue
		}

		properties := object{}
		if r["Type"] == "AWS::Serverless::Function" {
			r = maps.Clone(r)
			r["Type"] = "AWS::Lambda::Function"
			global, _ := globals["Function"].(object)
			maps.Copy(properties, global)
		}
		own, _ := r["Properties"].(object)
		maps.Copy(properties, own)

		kind, _ := r["Type"].(string)
		s.add(id, kind, r["DeletionPolicy"] == "Retain", resolve.value(properties))
	}
	return s, resolve.err
}

// add adds a resource, but for what the tools need for themselves.
func (s stack) add(id, kind string, retained bool, properties any) {
	p, _ := properties.(object)

	switch kind {
	case "AWS::S3::Bucket", "AWS::S3::BucketPolicy": // where osls puts the packages
		return
	case "AWS::ApiGatewayV2::Route": // osls makes names of the paths
		id = fmt.Sprint("Route ", p["RouteKey"])
	case "AWS::Lambda::Function":
		delete(p, "Code")
		delete(p, "CodeUri")
	}

	s[id] = resource{kind, retained, p}
}

// A resolver replaces what is intrinsic in a template.
type resolver struct {
	parameters map[string]string
	conditions object
	err        error
}

var noValue = new(int)

// value returns v with all intrinsic functions replaced. Numbers are those of JSON.
func (r *resolver) value(v any) any {
	switch v := v.(type) {
	case object:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return r.function(name, argument)
				}
			}
		}

		resolved := object{}
		for name, member := range v {
			if m := r.value(member); m != noValue {
				resolved[name] = m
			}
		}
		return resolved
	case []any:
		resolved := make([]any, 0, len(v))
		for _, element := range v {
			resolved = append(resolved, r.value(element))
		}
		return resolved
	case int:
		return float64(v)
	default:
		return v
	}
}

func (r *resolver) function(name string, argument any) any {
	list, _ := r.value(argument).([]any)

	switch {
	case name == "Ref":
		return r.ref(fmt.Sprint(argument))
	case name == "Fn::Sub":
		return r.substituted(fmt.Sprint(argument))
	case name == "Fn::GetAtt" && len(list) == 2:
		return r.attribute(fmt.Sprint(list[0]), fmt.Sprint(list[1]))
	case name == "Fn::GetAtt" && list == nil:
		id, attribute, _ := strings.Cut(fmt.Sprint(argument), ".")
		return r.attribute(id, attribute)
	case name == "Fn::Join" && len(list) == 2:
		return joined(list[0], list[1])
	case name == "Fn::Split" && len(list) == 2:
		return split(list[0], list[1])
	case name == "Fn::Equals" && len(list) == 2:
		return list[0] == list[1]
	case name == "Fn::Not" && len(list) == 1:
		return list[0] != true
	case name == "Fn::If" && len(list) == 3 && r.conditions[fmt.Sprint(list[0])] == true:
		return list[1]
	case name == "Fn::If" && len(list) == 3 && r.conditions[fmt.Sprint(list[0])] == false:
		return list[2]
	}

	r.err = fmt.Errorf("%s of %v cannot be resolved", name, argument)
	return nil
}

func (r *resolver) ref(name string) any {
	if name == "AWS::NoValue" {
		return noValue
	}

	if value, ok := r.parameters[name]; ok {
		return value
	}

	if strings.HasPrefix(name, "AWS::") {
		return "${" + name + "}"
	}
	return "@" + name
}

// attribute returns the attribute of a resource. The ARN of a log group ends in the pattern of
// its streams.
func (r *resolver) attribute(id, name string) string {
	if strings.HasSuffix(id, "LogGroup") {
		name += ":*"
	}
	return "@" + id + "." + name
}

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

func (r *resolver) substituted(text string) string {
	return reference.ReplaceAllStringFunc(text, func(match string) string {
		return fmt.Sprint(r.ref(match[2 : len(match)-1]))
	})
}

func joined(separator, list any) string {
	var texts []string
	elements, _ := list.([]any)
	for _, element := range elements {
		texts = append(texts, fmt.Sprint(element))
	}
	return strings.Join(texts, fmt.Sprint(separator))
}

func split(separator, text any) []any {
	var list []any
	for part := range strings.SplitSeq(fmt.Sprint(text), fmt.Sprint(separator)) {
		list = append(list, part)
	}
	return list
}

// parseYAML returns a template with its short forms, "!Ref" for example, in the long ones.
func parseYAML(text []byte) (object, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}

	parsed, err := decoded(&document)
	if err != nil {
		return nil, err
	}
	return parsed.(object), nil
}

func decoded(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.DocumentNode:
		return decoded(node.Content[0])
	case yaml.AliasNode:
		return decoded(node.Alias)
	}

	tag := node.Tag
	if strings.HasPrefix(tag, "!!") || tag == "" {
		return decodedContent(node)
	}

	node.Tag = ""
	content, err := decodedContent(node)
	node.Tag = tag
	name := "Fn::" + tag[1:]
	if tag == "!Ref" {
		name = "Ref"
	}
	return object{name: content}, err
}

func decodedContent(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.MappingNode:
		members := object{}
		for i := 0; i < len(node.Content); i += 2 {
			value, err := decoded(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			members[node.Content[i].Value] = value
		}
		return members, nil
	case yaml.SequenceNode:
		elements := []any{}
		for _, element := range node.Content {
			value, err := decoded(element)
			if err != nil {
				return nil, err
			}
			elements = append(elements, value)
		}
		return elements, nil
	default:
		var value any
		err := node.Decode(&value)
		return value, err
	}
}

// differences returns what the stacks do not have in common.
func differences(a, b stack) []string {
	var found []string

	for id, r := range a {
		if other, ok := b[id]; !ok {
			found = append(found, "only one has "+id)
		} else if text, otherText := asJSON(r), asJSON(other); text != otherText {
			found = append(found, id+" is\n"+text+"\nand\n"+otherText)
		}
	}

	for id := range b {
		if _, ok := a[id]; !ok {
			found = append(found, "only the other has "+id)
		}
	}
	return found
}

// asJSON returns v as JSON.
func asJSON(v any) string {
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic(err) // the stacks are made of what JSON has
	}
	return string(out)
}
