package awssms

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"github.com/seed-5978b5f1/otp/internal/delivery/awstry"
)

// packageName is what errors begin with.
const packageName = "awssms"

// endUserMessaging is the API that all Senders call.
var endUserMessaging = &awstry.Service{
	Sender: packageName, Name: "AWS", Detail: reasonOf, BlamesRecipient: blamesRecipient,
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
