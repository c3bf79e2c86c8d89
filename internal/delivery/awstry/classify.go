package awstry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-5978b5f1/otp/internal/delivery"
)

// classify says what an error of the API means. Only a refusal of AWS itself is certain. A lost
// answer, a broken one, and a fault on the side of AWS leave open whether the message was taken.
func (s *Service) classify(err error) error {
	status := 0
	reason := "no answer from " + s.Name
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
		reason = fmt.Sprintf("%s answered with HTTP status %d", s.Name, status)
	}
	api, _ := errors.AsType[smithy.APIError](err)

	switch {
	case !refused(status, api):
		return delivery.Open(s.Sender, reason, err)
	case s.BlamesRecipient(err):
		return delivery.Undeliverable(s.Sender, s.refusal(api, err), err)
	}
	return delivery.NotSent(s.Sender, s.refusal(api, err), err)
}

// refused reports whether AWS has answered that it did not take the message, by the status of its
// answer (0 if there was none) and the error in it, which may be nil. After a timeout (408), nobody
// knows.
func refused(status int, api smithy.APIError) bool {
	switch {
	case status == http.StatusRequestTimeout:
		return false
	case status >= 400 && status < 500:
		return true
	case api == nil:
		return false
	}
	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttled || api.ErrorFault() == smithy.FaultClient
}

// refusal says that AWS has refused a request, and why, where that can be told.
func (s *Service) refusal(api smithy.APIError, err error) string {
	reason := s.Name + " refused it"
	if api != nil && isName(api.ErrorCode()) {
		reason += ": " + api.ErrorCode()
	}
	if s.Detail == nil {
		return reason
	}
	if detail := s.Detail(err); isName(detail) {
		reason += " (" + detail + ")"
	}
	return reason
}

// isName reports whether s looks like the name of an error, which is safe to repeat. An address, a
// number or a code never does.
func isName(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	return s != "" && len(s) <= 128 && strings.Trim(s, allowed) == ""
}
