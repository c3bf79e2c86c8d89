package awssms_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// The classes of errors, weakest first.
const (
	open          = "may have been sent"
	notSent       = "not sent"
	undeliverable = "undeliverable"
)

func classOf(err error) string {
	switch {
	case errors.Is(err, otp.ErrUndeliverable):
		return undeliverable
	case errors.Is(err, otp.ErrNotSent):
		return notSent
	}
	return open
}

// exceptions has every exception of the two operations, and what can come from in front of them.
var exceptions = []struct {
	status int
	name   string
	fields string
	want   string
}{
	{400, "AccessDeniedException", ``, notSent},
	{400, "AccessDeniedException", `, "Reason": "ACCOUNT_DISABLED"`, notSent},
	{400, "AccessDeniedException", `, "Reason": "INSUFFICIENT_ACCOUNT_REPUTATION"`, notSent},
	{400, "ConflictException", ``, notSent},
	{400, "ConflictException", `, "Reason": "NO_ORIGINATION_IDENTITIES_FOUND"`, notSent},
	{400, "ConflictException", `, "Reason": "NOTIFY_CONFIGURATION_NOT_ACTIVE"`, notSent},
	{400, "ConflictException", `, "Reason": "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"`, notSent},
	{400, "ConflictException", `, "Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"`, undeliverable},
	{400, "ConflictException",
		`, "Reason": "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"`, undeliverable},
	{400, "ConflictException",
		`, "Reason": "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"`, undeliverable},
	{500, "InternalServerException", `, "RequestId": "r-1"`, open},
	{400, "ResourceNotFoundException", `, "ResourceType": "pool"`, notSent},
	{400, "ServiceQuotaExceededException", ``, notSent},
	{400, "ServiceQuotaExceededException",
		`, "Reason": "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"`, notSent},
	{400, "ThrottlingException", ``, notSent},
	{429, "ThrottlingException", ``, notSent},
	{400, "ValidationException", ``, notSent},
	{400, "ValidationException", `, "Reason": "PRICE_OVER_THRESHOLD"`, notSent},
	{400, "ValidationException", `, "Reason": "INVALID_PARAMETER",
		"Fields": [{"Name": "MessageBody", "Message": "m"}]`, notSent},
	{400, "ValidationException", `, "Reason": "INVALID_PARAMETER",
		"Fields": [{"Name": "DestinationPhoneNumber", "Message": "m"}]`, undeliverable},
	{400, "ValidationException", `, "Reason": "DESTINATION_COUNTRY_BLOCKED"`, undeliverable},

	{400, "UnrecognizedClientException", ``, notSent},
	{403, "InvalidSignatureException", ``, notSent},
	{403, number, ``, notSent}, // a name that would tell
	{404, "UnknownOperationException", ``, notSent},
	{503, "ThrottlingException", ``, notSent},
	{408, "RequestTimeout", ``, open},
	{500, "InternalFailure", ``, open},
	{502, "BadGateway", ``, open},
	{503, "ServiceUnavailable", ``, open},
	{504, "GatewayTimeout", ``, open},
}

// Every exception of the two operations falls into the right class, after one try, and its text
// tells nothing.
func TestExceptionsFallIntoTheRightClass(t *testing.T) {
	for operation, newSender := range operations {
		for _, test := range exceptions {
			name := fmt.Sprintf("%s/%d/%s%s", operation, test.status, test.name, test.fields)
			t.Run(name, func(t *testing.T) {
				aws := serve(t, fail(test.status, test.name, test.fields))
				err := newSender(t, newClient(aws.URL)).Send(t.Context(), message())

				require.Error(t, err)
				require.Equal(t, test.want, classOf(err), "%v", err)
				require.Len(t, aws.got(), 1, "tries")
				require.Equal(t, "PinpointSMSVoiceV2."+operation, aws.got()[0].Target)
				checkTellsNothing(t, err)

				// The SDK's error can be unwrapped, for those who want to know more.
				exception, ok := errors.AsType[smithy.APIError](err)
				require.True(t, ok)
				require.Equal(t, test.name, exception.ErrorCode())
				if reason := reasonOf.FindStringSubmatch(test.fields); reason != nil {
					require.ErrorContains(t, err, test.name+" ("+reason[1]+")")
				}
			})
		}
	}
}

// reasonOf finds the reason in the fields of an exception.
var reasonOf = regexp.MustCompile(`"Reason": "(\w+)"`)

// checkTellsNothing checks that no printed form of the error has the number or the code.
func checkTellsNothing(t *testing.T, err error) {
	t.Helper()

	printed := fmt.Sprintf("%v %+v %#v %#v", err, err, err, errors.Unwrap(err))
	require.NotRegexp(t, code+"|151 ?12345678", printed)
}

// The SDK's own client meets a failure before the request has left, and one after. Package sesmail
// tests all others: both have one try of a call.
func TestFailuresOnTheWay(t *testing.T) {
	const nobody = "http://127.0.0.1:1" // where no server listens, also not a moment later
	for operation, newSender := range operations {
		t.Run(operation, func(t *testing.T) {
			err := newSender(t, newClient(nobody)).Send(t.Context(), message())
			require.Equal(t, notSent, classOf(err), "%v", err)
			checkTellsNothing(t, err)

			reset := serve(t, func(http.ResponseWriter, *http.Request) {
				panic(http.ErrAbortHandler)
			})
			err = newSender(t, newClient(reset.URL)).Send(t.Context(), message())
			require.Equal(t, open, classOf(err), "%v", err)
			require.Len(t, reset.got(), 1, "tries")
			checkTellsNothing(t, err)
		})
	}
}

// All that the SDK can log is on, and still no log has the code.
func TestNoLogHoldsTheCode(t *testing.T) {
	for _, newSender := range operations {
		var log bytes.Buffer
		endpoint := serve(t, fail(400, "ValidationException", ""))
		client := newClient(endpoint.URL, func(o *pinpointsmsvoicev2.Options) {
			o.ClientLogMode = ^aws.ClientLogMode(0)
			o.Logger = logging.NewStandardLogger(&log)
		})

		require.Error(t, newSender(t, client).Send(t.Context(), message()))
		require.NotContains(t, log.String(), code)

		// The test can fail: the same client logs a request of its own.
		_, err := client.SendTextMessage(t.Context(), &pinpointsmsvoicev2.SendTextMessageInput{
			DestinationPhoneNumber: new(number), MessageBody: new(code)})
		require.Error(t, err)
		require.Contains(t, log.String(), code)
	}
}
