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

// A sendError says why a message may not have been sent. Its text holds neither address nor code,
// unlike, perhaps, that of its cause.
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

// classify says what an error of SendEmail means. Only a refusal of SES itself is certain. A lost
// answer, a broken one, and a fault on the side of SES leave open whether the message was taken.
func classify(err error) *sendError {
	status := 0
	reason := "no answer from SES: the message may have been sent"
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
		reason = fmt.Sprintf("SES answered with HTTP status %d: the message may have been sent",
			status)
	}

	api, _ := errors.AsType[smithy.APIError](err)
	if !isRefusal(status, api) {
		return &sendError{reason, nil, err}
	}

	if api == nil {
		return &sendError{"SES refused it", otp.ErrNotSent, err}
	}
	return &sendError{refusal(api), classOf(api), err}
}

// isRefusal reports whether SES has refused a request, by the status of its answer (0 if there was
// none) and the error in it, which may be nil.
func isRefusal(status int, api smithy.APIError) bool {
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout {
		return true
	}
	if api == nil {
		return false
	}

	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttled || api.ErrorFault() == smithy.FaultClient
}

// refusal says that SES has refused a request, with the code of its error if that is one.
func refusal(api smithy.APIError) string {
	if !isTag(api.ErrorCode(), maxTag) {
		return "SES refused it"
	}
	return "SES refused it: " + api.ErrorCode()
}

// classOf returns the class of a refusal.
func classOf(api smithy.APIError) error {
	// New has checked the addresses of the sender: it is the recipient's that SES finds fault with.
	if api.ErrorCode() == "BadRequestException" &&
		strings.Contains(api.ErrorMessage(), "Illegal address") {
		return otp.ErrUndeliverable
	}
	return otp.ErrNotSent
}
