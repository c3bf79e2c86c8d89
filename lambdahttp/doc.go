// Package lambdahttp runs an [http.Handler] as an AWS Lambda function, whatever stands in front
// of the function.
//
//	func main() {
//		mux := http.NewServeMux()
//		mux.HandleFunc("POST /codes", sendCode)
//		log.Fatal(lambdahttp.Start(mux, nil))
//	}
//
// The function serves the requests of
//
//   - HTTP APIs of Amazon API Gateway, payload format 2.0 and 1.0, with any stage,
//   - REST APIs of Amazon API Gateway (Lambda proxy integration),
//   - function URLs (invoke mode BUFFERED),
//   - Application Load Balancers, with and without multi-value headers.
//
// It tells them apart by the event, so that one package can be deployed behind all of them. Any
// other event, such as one of SQS or EventBridge, is an error of the function: the error, which
// Lambda logs in one line, says what came and what was expected.
//
// # The request
//
// The handler sees the request as it would in a server:
//
//   - URL.Path is decoded once, and URL.RawPath keeps an escaped slash ("%2F"). HTTP APIs decode
//     the path by themselves. Behind them, an escaped slash is kept apart only within a path
//     parameter of the route, such as {email}; the route $default loses it.
//   - The name of a stage is no part of the path, nor is [Options.BasePath]. Behind an HTTP API,
//     no route may begin with the name of a stage. Links and redirects that the handler writes
//     must have both.
//   - RemoteAddr is the address that the event names as the source, with port 0: what has opened
//     the connection to the gateway, which is a proxy such as CloudFront if one stands in front
//     of it. Of a load balancer it is the last address of X-Forwarded-For; the attribute
//     routing.http.xff_header_processing.mode must be "append", as it is by default.
//   - The context ends at the function's timeout. It carries the request id, see package
//     [lambdacontext], whose NewLogger puts the id into each line of the log.
//   - X-Amzn-Trace-Id is the trace of this invocation.
//
// A request that net/http cannot represent or a server would refuse, for example with a bad escape
// in its path or with two Host headers, is answered 400 and does not reach the handler. Names of
// headers that differ only in case are one header, with the values in the order of the spellings.
//
// # The answer
//
// As in a server, a header with an invalid name is dropped, and line ends in values become spaces.
//
// A body of valid UTF-8 goes out as text, any other one as base64. A REST API delivers the latter
// only if its binaryMediaTypes cover the type. Without a Content-Type, it is detected as net/http
// does. The body is complete before anything is sent: 6 MB at most, 1 MB behind a load balancer
// (quotas of AWS). There is no flushing, hijacking or streaming.
//
// Once the handler has returned, Lambda freezes the function. Nothing may go on afterwards: send
// mail before the answer, and not by a queue in memory.
//
// A panic of the handler is logged with its stack and answered 500, and the function goes on.
package lambdahttp
