package lambdahttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-5978b5f1/otp/lambdahttp"
)

// The main program of a function behind the path /auth of a custom domain.
func ExampleStart() {
	logger := lambdacontext.NewLogger() // puts the request id into each line

	mux := http.NewServeMux()
	mux.HandleFunc("POST /codes", func(w http.ResponseWriter, r *http.Request) {
		logger.InfoContext(r.Context(), "a code was asked for")
		w.WriteHeader(http.StatusAccepted)
	})

	err := lambdahttp.Start(mux, &lambdahttp.Options{BasePath: "/auth", Log: logger})
	log.Fatal(err) // the options are bad
}

// A test calls the function with an event.
func ExampleHandler() {
	function, err := lambdahttp.Handler(http.NotFoundHandler(), nil)
	if err != nil {
		log.Fatal(err)
	}

	for _, event := range []string{
		`{"version": "2.0", "rawPath": "/x", "requestContext": {"http": {"method": "GET"}}}`,
		`{"Records": [{"eventSource": "aws:sqs"}]}`,
	} {
		answer, err := function.Invoke(context.Background(), []byte(event))
		fmt.Println(len(answer) > 0, err != nil)
	}

	// Output:
	// true false
	// false true
}
