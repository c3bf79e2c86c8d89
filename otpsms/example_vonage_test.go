package otpsms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// vonage sends text messages by the Messages API of Vonage, which finds the encoding by itself.
type vonage struct {
	api, key, secret, from string // api is https://api.nexmo.com
	text                   otpsms.Options
}

func (v *vonage) Send(ctx context.Context, m otp.Message) error {
	to, text, err := compose(m, v.text)
	if err != nil {
		return err
	}

	r, err := jsonRequest(ctx, v.api+"/v1/messages", map[string]any{
		"channel": "sms", "message_type": "text", "to": to[len("+"):], "from": v.from,
		"text": text, "client_ref": m.ID,
	})
	if err != nil {
		return otp.NotSent(err)
	}
	r.SetBasicAuth(v.key, v.secret)

	var refusal struct{ Type string } // "https://developer.vonage.com/api-errors/messages#1050"
	// 1040: unrecognized prefix. 1050: barred number.
	return post(r, &refusal, func() bool {
		_, code, _ := strings.Cut(refusal.Type, "#")
		return code == "1040" || code == "1050"
	})
}

// A Sender for Vonage. The server stands for Vonage's.
func Example_vonage() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ To, From, Text string }
		json.NewDecoder(r.Body).Decode(&sent)
		fmt.Println(r.URL.Path, "to", sent.To, "from", sent.From)
		fmt.Println(sent.Text)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer provider.Close()

	sender := &vonage{api: provider.URL, key: "key", secret: "secret", from: "Acme",
		text: otpsms.Options{Product: "Acme"}}
	fmt.Println(sender.Send(context.Background(), message("492013")))
	// Output:
	// /v1/messages to 442079460000 from Acme
	// 492013 is your code for Acme. Do not share it with anyone.
	// <nil>
}
