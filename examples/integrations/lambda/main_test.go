package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The handler is a function: a test calls it with a Service whose mails end in an Inbox.
func Example() {
	t := new(testing.T) // in a test, its argument
	confirmations, inbox := otptest.New(t, otp.Config{Purpose: "confirm-address"})
	h := handler{confirmations}
	post := func(route, body string) {
		got, err := h.handle(context.Background(), events.APIGatewayV2HTTPRequest{RouteKey: route, Body: body})
		fmt.Println(route, got.StatusCode, err)
	}
	post("POST /codes", `{"email": "ada@example.com"}`)
	post("POST /codes", `{"email": "ada@example.com"}`) // too soon
	code := inbox.Code(t, "ada@example.com")
	post("POST /confirm", `{"email": "ada@example.com", "code": "hello"}`)
	post("POST /confirm", `{"email": "ada@example.com", "code": "`+code+`"}`)
	post("POST /confirm", `{"email": "ada@example.com", "code": "`+code+`"}`)
	// Output:
	// POST /codes 202 <nil>
	// POST /codes 429 <nil>
	// POST /confirm 422 <nil>
	// POST /confirm 204 <nil>
	// POST /confirm 422 <nil>
}

func TestAStoreThatFailsIsNoWrongCode(t *testing.T) {
	confirmations, _ := otptest.New(t, otp.Config{Store: &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(otptest.Call) otptest.Fault { return otptest.Fault{Before: errors.New("throttled")} },
	}})
	for _, route := range []string{"POST /codes", "POST /confirm"} {
		got, err := handler{confirmations}.handle(t.Context(), events.APIGatewayV2HTTPRequest{
			RouteKey: route, Body: `{"email": "ada@example.com", "code": "123456"}`,
		})
		if got.StatusCode != 503 || err != nil {
			t.Errorf("%s: got %d, %v", route, got.StatusCode, err)
		}
	}
}

// What the function needs is checked when an instance starts, not with the first request.
func TestService(t *testing.T) {
	environment := map[string]string{
		"AWS_REGION": "eu-central-1",
		"OTP_SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"OTP_TABLE":  "otp",
		"OTP_FROM":   "no-reply@acme.example",
	}
	for name, value := range environment {
		t.Setenv(name, value)
	}
	if _, err := service(t.Context()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"OTP_SECRET", "OTP_TABLE", "OTP_FROM"} {
		t.Setenv(name, "")
		if _, err := service(t.Context()); err == nil {
			t.Errorf("no error without %s", name)
		}
		t.Setenv(name, environment[name])
	}
}
