package awssms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/awssms"
	"github.com/seed-5978b5f1/otp/otpsms"
)

const (
	number = "+4915112345678"
	code   = "492013"
)

// message returns a message with a code of five minutes.
func message() otp.Message {
	return otp.Message{
		ID:        "0123456789abcdef0123456789abcdef",
		Purpose:   "sign-in",
		Kind:      otp.SignIn,
		To:        "0049 151 12345678",
		Code:      otp.NewCode(code),
		ExpiresAt: time.Now().Add(5 * time.Minute),
	}
}

// A request is what the fake endpoint was sent.
type request struct {
	Target string
	Body   map[string]any
}

// A fakeAWS is an endpoint that speaks the protocol of AWS (JSON 1.0).
type fakeAWS struct {
	*httptest.Server

	mu       sync.Mutex
	requests []request
}

// serve starts a fake endpoint with this answer, after which the request has been read.
func serve(t *testing.T, answer http.HandlerFunc) *fakeAWS {
	t.Helper()
	f := &fakeAWS{}

	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := request{Target: r.Header.Get("X-Amz-Target")}
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.NoError(t, json.Unmarshal(body, &got.Body))
		assert.NotEmpty(t, r.Header.Get("Authorization"))
		assert.Equal(t, "application/x-amz-json-1.0", r.Header.Get("Content-Type"))

		f.mu.Lock()
		f.requests = append(f.requests, got)
		f.mu.Unlock()

		answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// got returns the requests so far.
func (f *fakeAWS) got() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// accept is the answer to a message that was taken.
func accept(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	io.WriteString(w, `{"MessageId": "m-1"}`)
}

// fail answers with an exception of the API. The message repeats what an error must not.
func fail(status int, exception, fields string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type": "com.amazonaws.pinpointsmsvoicev2#%s", "Message": "%s %s"%s}`,
			exception, number, code, fields)
	}
}

// newClient returns the SDK's own client for a server at the URL. It retries, which awssms must
// turn off.
func newClient(url string,
	configure ...func(*pinpointsmsvoicev2.Options)) *pinpointsmsvoicev2.Client {
	return pinpointsmsvoicev2.New(pinpointsmsvoicev2.Options{
		Region: "eu-central-1", BaseEndpoint: &url, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}, configure...)
}

var acme = otpsms.Options{Product: "Acme"}

// operations are the two Senders of the package.
var operations = map[string]func(*testing.T, *pinpointsmsvoicev2.Client) otp.Sender{
	"SendTextMessage": func(t *testing.T, client *pinpointsmsvoicev2.Client) otp.Sender {
		s, err := awssms.New(client, "Acme", acme, nil)
		require.NoError(t, err)
		return s
	},
	"SendNotifyTextMessage": func(t *testing.T, client *pinpointsmsvoicev2.Client) otp.Sender {
		s, err := awssms.NewNotify(client, "nc-1234567890abcdef0", nil)
		require.NoError(t, err)
		return s
	},
}
