package otpsms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// gateway sends text messages by an HTTP gateway that takes JSON and a token. What members it has,
// and how it says that a number is at fault, is in its documentation.
type gateway struct {
	url, token string
	text       otpsms.Options
}

func (g *gateway) Send(ctx context.Context, m otp.Message) error {
	to, text, err := compose(m, g.text)
	if err != nil {
		return err
	}

	r, err := jsonRequest(ctx, g.url, map[string]any{"to": to, "text": text, "reference": m.ID})
	if err != nil {
		return otp.NotSent(err)
	}
	r.Header.Set("Authorization", "Bearer "+g.token)

	var refusal struct{ Error string }
	return post(r, &refusal, func() bool { return refusal.Error == "invalid_number" })
}

// A Sender for any HTTP gateway. The server stands for it.
func Example_gateway() {
	provider := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var sent struct{ To, Text string }
		json.NewDecoder(r.Body).Decode(&sent)
		fmt.Println("to", sent.To)
		fmt.Println(sent.Text)
	}))
	defer provider.Close()

	sender := &gateway{url: provider.URL, token: "secret", text: otpsms.Options{Product: "Acme"}}
	fmt.Println(sender.Send(context.Background(), message("492013")))
	// Output:
	// to +442079460000
	// 492013 is your code for Acme. Do not share it with anyone.
	// <nil>
}
