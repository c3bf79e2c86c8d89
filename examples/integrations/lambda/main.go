// Lambda is a function of AWS Lambda that confirms addresses: it sends codes and takes them back. Build it for
// provided.al2023 as "bootstrap".
//
//	POST /codes     {"email": "ada@example.com"}
//	POST /confirm   {"email": "ada@example.com", "code": "492013"}
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// What is made here is made once for each instance of the function and serves all its requests. State must not be kept
// in it: instances know nothing of each other, which is why the store is DynamoDB and not memstore.
func main() {
	confirmations, err := service(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(handler{confirmations}.handle)
}

// service makes the Service from the environment.
func service(ctx context.Context) (*otp.Service, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := otp.ParseKeys(os.Getenv("OTP_SECRET")) // put there from a secret store, never from a template
	if err != nil {
		return nil, err
	}
	store, err := dynamostore.New(dynamodb.NewFromConfig(cfg), os.Getenv("OTP_TABLE"), nil)
	if err != nil {
		return nil, err
	}
	mail, err := sesmail.New(sesv2.NewFromConfig(cfg), os.Getenv("OTP_FROM"), nil)
	if err != nil {
		return nil, err
	}
	return otp.New(otp.Config{Purpose: "confirm-address", Secret: keys[0], Store: store, Sender: mail})
}

type handler struct{ confirmations *otp.Service }

// handle answers one request. The context ends when the function's time is up. Nothing goes on after the return, when
// Lambda freezes the instance: Send returns when the mail has been handed over.
func (h handler) handle(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	var body struct{ Email, Code string }
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil || body.Email == "" {
		return answer(http.StatusBadRequest), nil
	}
	switch r.RouteKey {
	case "POST /codes":
		_, err := h.confirmations.Send(ctx, otp.Request{To: body.Email})
		switch {
		case errors.Is(err, otp.ErrLimited), errors.Is(err, otp.ErrLocked):
			return answer(http.StatusTooManyRequests), nil
		case err != nil && !errors.Is(err, otp.ErrDelivery):
			return failed(ctx, err), nil
		}
		return answer(http.StatusAccepted), nil
	case "POST /confirm":
		err := h.confirmations.Verify(ctx, otp.Submission{To: body.Email, Code: body.Code})
		switch {
		case errors.Is(err, otp.ErrRejected):
			return answer(http.StatusUnprocessableEntity), nil
		case err != nil:
			return failed(ctx, err), nil
		}
		return answer(http.StatusNoContent), nil // here, mark the address as confirmed
	}
	return answer(http.StatusNotFound), nil
}

func answer(status int) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{StatusCode: status}
}

// failed answers where nothing can be said of the code. The error holds neither code nor address.
func failed(ctx context.Context, err error) events.APIGatewayV2HTTPResponse {
	slog.ErrorContext(ctx, "one-time codes", "error", err)
	return answer(http.StatusServiceUnavailable)
}
