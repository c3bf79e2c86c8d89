package sesmail

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go"

	"github.com/seed-5978b5f1/otp/internal/delivery/awstry"
)

// packageName is what errors begin with.
const packageName = "sesmail"

// ses is the API that all Senders call.
var ses = &awstry.Service{Sender: packageName, Name: "SES", BlamesRecipient: blamesRecipient}

// blamesRecipient reports whether SES finds fault with an address. New has checked those of the
// sender, so that it is the recipient's.
func blamesRecipient(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "BadRequestException" &&
		strings.Contains(api.ErrorMessage(), "Illegal address")
}

// once is the option of a call that makes one try.
func once(try *awstry.Try) func(*sesv2.Options) {
	return func(o *sesv2.Options) {
		o.Retryer, o.ClientLogMode, o.HTTPClient = aws.NopRetryer{}, 0, try.Watch(o.HTTPClient)
	}
}
