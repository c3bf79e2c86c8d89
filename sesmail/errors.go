package sesmail

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/seed-5978b5f1/otp"
)

// A sendError says why a message may not have been sent. Its text holds neither address nor code, unlike, perhaps,
// that of its cause.
type sendError struct {
	reason string
	class  error // otp.ErrNotSent or otp.ErrUndeliverable; nil if the message may have been sent
	cause  error
}

func (e *sendError) Error() string {
	if e.class != nil {
		return "sesmail: not sent: " + e.reason
	}
	return "sesmail: " + e.reason
}

// GoString keeps %#v from walking into the cause.
func (e *sendError) GoString() string { return "sesmail.sendError" }

func (e *sendError) Unwrap() []error {
	var all []error
	for _, err := range []error{e.class, e.cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// classify says what an error of SendEmail means. Certain is only what SES itself has refused; a lost answer, a broken
// one and a fault on the side of SES leave open whether the message was taken.
func classify(err error) *sendError {
	e := &sendError{reason: "no answer from SES: the message may have been sent", cause: err}
	var status int
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
		e.reason = fmt.Sprintf("SES answered with HTTP status %d: the message may have been sent", status)
	}
	refused := status >= 400 && status < 500 && status != http.StatusRequestTimeout
	api, ok := errors.AsType[smithy.APIError](err)
	if ok {
		_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
		refused = refused || throttled || api.ErrorFault() == smithy.FaultClient
	}
	if !refused {
		return e
	}
	e.class, e.reason = otp.ErrNotSent, "SES refused it"
	if ok {
		if isTag(api.ErrorCode()) {
			e.reason += ": " + api.ErrorCode()
		}
		// The sender's own addresses were checked by New, so it is the recipient's that SES can find fault with.
		if api.ErrorCode() == "BadRequestException" && strings.Contains(api.ErrorMessage(), "Illegal address") {
			e.class = otp.ErrUndeliverable
		}
	}
	return e
}
