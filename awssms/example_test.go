package awssms_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/awssms"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// Sign-in by text message, with the policy that text messages want. The server stands for AWS; in
// production, the client is pinpointsmsvoicev2.NewFromConfig(config).
func Example() {
	aws := httptest.NewServer(http.HandlerFunc(accept))
	defer aws.Close()
	client := newClient(aws.URL)

	sender, err := awssms.New(client, "Acme", otpsms.Options{
		Product: "Acme",
		Domain:  "acme.example",
	}, nil)
	if err != nil {
		log.Fatal(err)
	}

	secret, store := make([]byte, 32), memstore.New(nil) // in production, ones that are kept
	codes, err := otp.New(otp.Config{
		Purpose:   "sign-in",
		Kind:      otp.SignIn,
		Secret:    secret,
		Store:     store,
		Normalize: otpsms.Normalize,
		Sender:    sender,
		Policy: otp.Policy{
			Lifetime:  5 * time.Minute,
			MaxLength: 8,
			SendLimits: []otp.Limit{
				{Count: 1, Window: time.Minute},
				{Count: 3, Window: time.Hour},
				{Count: 5, Window: 24 * time.Hour},
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = codes.Send(context.Background(), otp.Request{To: "+49 151 12345678"})
	fmt.Println("sent:", err)

	_, err = codes.Send(context.Background(), otp.Request{To: "0049 151 12345678"})
	fmt.Println("another spelling:", err)
	// Output:
	// sent: <nil>
	// another spelling: otp: too many codes were asked for; Status.RetryAt says when to ask again
}
