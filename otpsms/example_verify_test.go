package otpsms_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// verify sends codes by Twilio Verify, as other providers of that kind would: they have numbers,
// registered texts and filters of their own, and usually make the code as well. Here the code is
// ours, and so are its rules; enable Custom Verification Code in the Verify service for it. The
// code has 4 to 10 characters: set Policy.MaxLength to at most 10. Verify wants to be told which
// codes were entered (the resource's status "approved"), for its filters.
type verify struct {
	api, account, token string // api is https://verify.twilio.com
	service             string // VA…
}

func (v *verify) Send(ctx context.Context, m otp.Message) error {
	to, err := otpsms.Normalize(m.To)
	if err != nil {
		return otp.Undeliverable(err)
	}

	r, err := formRequest(ctx, v.api+"/v2/Services/"+v.service+"/Verifications",
		url.Values{"To": {to}, "Channel": {"sms"}, "CustomCode": {m.Code.Reveal()}})
	if err != nil {
		return otp.NotSent(err)
	}
	r.SetBasicAuth(v.account, v.token)

	var refusal struct{ Code int }
	// 60205: a landline, which takes no text messages.
	return post(r, &refusal, func() bool { return refusal.Code == 60205 })
}

// A Sender for providers that usually make the code, too. The server stands for Twilio's.
func Example_verify() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.URL.Path)
		fmt.Println(r.FormValue("CustomCode"), "to", r.FormValue("To"))
		w.WriteHeader(http.StatusCreated)
	}))
	defer provider.Close()

	sender := &verify{api: provider.URL, account: "AC1", token: "secret", service: "VA1"}
	fmt.Println(sender.Send(context.Background(), message("492013")))
	// Output:
	// /v2/Services/VA1/Verifications
	// 492013 to +442079460000
	// <nil>
}
