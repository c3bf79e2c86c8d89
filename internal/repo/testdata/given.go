// What the code blocks of the documentation may use without declaring it.
package given

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-5978b5f1/otp"
)

var (
	ctx context.Context
	w   http.ResponseWriter
	r   *http.Request

	cfg aws.Config // from config.LoadDefaultConfig

	secret []byte // at least 32 random bytes
	store  otp.Store
	sender otp.Sender
	resets *otp.Service

	account struct{ ID, Email string }
	typed   string // the code, as the person typed it
)
