package lambdahttp

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An unexpectedEvent is a payload that is no HTTP request. Lambda logs the name of the type and
// the text in one line.
type unexpectedEvent struct{ payload []byte }

// Error names the kind of the event. It repeats names of members, never their values.
func (u *unexpectedEvent) Error() string {
	return fmt.Sprintf("lambdahttp: the event is %s, want an HTTP request from an HTTP API or "+
		"REST API of API Gateway, a function URL or an Application Load Balancer", u.kind())
}

// kind says what the payload is.
func (u *unexpectedEvent) kind() string {
	var value any
	if json.Unmarshal(u.payload, &value) != nil {
		return "no JSON"
	}

	switch v := value.(type) {
	case map[string]any:
		return kindOfObject(v)
	case []any:
		return "an array"
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	default:
		return "null"
	}
}

// kindOfObject tells the events of AWS's services apart by their members.
func kindOfObject(object map[string]any) string {
	context, _ := object["requestContext"].(map[string]any)

	switch {
	case len(object) == 0:
		return "an empty object"
	case object["detail-type"] != nil:
		return "of EventBridge"
	case object["Records"] != nil:
		return "of " + sourceOfRecords(object["Records"])
	case object["methodArn"] != nil, object["routeArn"] != nil:
		return "for an authorizer of API Gateway"
	case context["connectionId"] != nil:
		return "of a WebSocket API"
	case context["serviceNetworkArn"] != nil:
		return "of VPC Lattice"
	default:
		return "an object with the members " + listed(object)
	}
}

// recordSources are the services whose events are arrays of records, by the name in eventSource.
var recordSources = map[any]string{
	"aws:sqs":      "SQS",
	"aws:sns":      "SNS",
	"aws:s3":       "S3",
	"aws:ses":      "SES",
	"aws:kinesis":  "Kinesis",
	"aws:dynamodb": "DynamoDB Streams",
}

// sourceOfRecords names the service that the first record is from.
func sourceOfRecords(value any) string {
	records, _ := value.([]any)
	if len(records) == 0 {
		return "a service without records"
	}

	first, _ := records[0].(map[string]any)
	for _, name := range []string{"eventSource", "EventSource"} { // SNS writes it so
		if service, ok := recordSources[first[name]]; ok {
			return service
		}
	}
	return "a service with records"
}

// maxListed bounds how many members an error names, and how long each name is.
const (
	maxListed = 8
	maxName   = 32
)

// listed returns the names of the members, quoted.
func listed(object map[string]any) string {
	names := slices.Sorted(maps.Keys(object))

	var b strings.Builder
	for i, name := range names {
		if i == maxListed {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.*q", maxName, name)
	}
	return b.String()
}
