package lambdahttp

import (
	"encoding/json"
	"strings"
)

// A source is what can stand in front of a function.
type source int

const (
	none          source = iota
	httpAPI2             // HTTP API, payload format 2.0
	functionURL          // the same format
	httpAPI1             // HTTP API, payload format 1.0
	restAPI              // nearly the same format
	albSingle            // Application Load Balancer
	albMultiValue        // the same, with lambda.multi_value_headers.enabled
)

// An event holds the members that the sources use. Each uses some of them.
//
//   - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//   - https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
//   - https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
type event struct {
	source source

	Version  string `json:"version"`
	RouteKey string `json:"routeKey"` // "GET /codes/{email}" or "$default"
	Resource string `json:"resource"` // "/codes/{email}" or "$default"

	HTTPMethod     string            `json:"httpMethod"`
	Path           string            `json:"path"`
	RawPath        string            `json:"rawPath"`
	PathParameters map[string]string `json:"pathParameters"`

	RawQueryString                  string              `json:"rawQueryString"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`

	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Cookies           []string            `json:"cookies"`

	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`

	MethodARN string `json:"methodArn"`
	RouteARN  string `json:"routeArn"`

	RequestContext *struct {
		Stage        string    `json:"stage"`
		DomainName   string    `json:"domainName"`
		ConnectionID string    `json:"connectionId"`
		ELB          *struct{} `json:"elb"`
		HTTP         struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
		Identity struct {
			SourceIP string `json:"sourceIp"`
		} `json:"identity"`
	} `json:"requestContext"`
}

// parseEvent returns the event, or an *unexpectedEvent.
func parseEvent(payload []byte) (*event, error) {
	e := new(event)
	if err := json.Unmarshal(payload, e); err != nil {
		return nil, &unexpectedEvent{payload}
	}

	if e.source = e.from(); e.source == none {
		return nil, &unexpectedEvent{payload}
	}
	return e, nil
}

// from returns the source of the event. Authorizers get events like those of a gateway, with an
// ARN of the method or route, and WebSocket APIs with the id of a connection; they want another
// answer than a request does.
func (e *event) from() source {
	c := e.RequestContext

	switch {
	case c == nil || e.MethodARN != "" || e.RouteARN != "" || c.ConnectionID != "":
		return none
	case c.HTTP.Method != "" && strings.Contains(c.DomainName, ".lambda-url."):
		return functionURL
	case c.HTTP.Method != "":
		return httpAPI2
	case e.HTTPMethod == "":
		return none
	case c.ELB != nil && e.MultiValueHeaders != nil:
		return albMultiValue
	case c.ELB != nil:
		return albSingle
	case e.Version == "1.0":
		return httpAPI1
	default:
		return restAPI
	}
}
