package awssms

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-5978b5f1/otp"
)

// A sendError says why a message may not have been sent. Its text holds neither number nor code.
// That of its cause may.
type sendError struct {
	reason string
	class  error // otp.ErrNotSent or otp.ErrUndeliverable; nil if the message may have been sent
	cause  error
}

func (e *sendError) Error() string {
	if e.class != nil {
		return "awssms: not sent: " + e.reason
	}
	return "awssms: " + e.reason
}

// GoString keeps %#v from walking into the cause.
func (e *sendError) GoString() string { return "awssms.sendError" }

func (e *sendError) Unwrap() []error {
	var all []error
	for _, err := range []error{e.class, e.cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// classify says what an error of the API means. Only a refusal of AWS itself is certain. A lost
// answer, a broken one, and a fault on the side of AWS leave open whether the message was taken.
func classify(err error) *sendError {
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}

	api, _ := errors.AsType[smithy.APIError](err)
	if !refused(status, api) {
		return &sendError{reason: openReason(status), cause: err}
	}

	e := &sendError{reason: "AWS refused it", class: otp.ErrNotSent, cause: err}
	if api != nil && isName(api.ErrorCode()) {
		e.reason += ": " + api.ErrorCode()
	}
	if detail := reasonOf(err); isName(detail) {
		e.reason += " (" + detail + ")"
	}
	if blamesRecipient(err) {
		e.class = otp.ErrUndeliverable
	}
	return e
}

// refused reports whether AWS has answered that it did not take the message.
func refused(status int, api smithy.APIError) bool {
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout {
		return true
	}
	if api == nil {
		return false
	}

	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]

	clientFault := api.ErrorFault() == smithy.FaultClient
	return throttled || clientFault && status != http.StatusRequestTimeout
}

func openReason(status int) string {
	if status == 0 {
		return "no answer from AWS: the message may have been sent"
	}
	return fmt.Sprintf("AWS answered with HTTP status %d: the message may have been sent", status)
}

// reasonOf returns the reason that the exceptions of the API give, or "".
func reasonOf(err error) string {
	if e, ok := errors.AsType[*types.AccessDeniedException](err); ok {
		return string(e.Reason)
	}
	if e, ok := errors.AsType[*types.ConflictException](err); ok {
		return string(e.Reason)
	}
	if e, ok := errors.AsType[*types.ServiceQuotaExceededException](err); ok {
		return string(e.Reason)
	}
	if e, ok := errors.AsType[*types.ValidationException](err); ok {
		return string(e.Reason)
	}
	return ""
}

// blamesRecipient reports whether AWS refused the message because of the number that it is for: the
// person has opted out, the operator has blocked the number or its country, or it is no number.
func blamesRecipient(err error) bool {
	if e, ok := errors.AsType[*types.ConflictException](err); ok {
		switch e.Reason {
		case types.ConflictExceptionReasonDestinationPhoneNumberOptedOut,
			types.ConflictExceptionReasonDestinationPhoneNumberBlockedByProtectNumberOverride,
			types.ConflictExceptionReasonDestinationCountryBlockedByProtectConfiguration:
			return true
		}
	}

	if e, ok := errors.AsType[*types.ValidationException](err); ok {
		if e.Reason == types.ValidationExceptionReasonDestinationCountryBlocked {
			return true
		}

		for _, field := range e.Fields {
			if field.Name != nil && strings.EqualFold(*field.Name, "DestinationPhoneNumber") {
				return true
			}
		}
	}
	return false
}

// isName reports whether s looks like the name of an error or of a reason, which is safe to repeat.
// A number or a code never does.
func isName(s string) bool {
	return s != "" && len(s) <= 128 && strings.Trim(s, letters+"_") == ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
