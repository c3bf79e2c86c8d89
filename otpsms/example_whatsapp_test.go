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

// whatsApp sends authentication templates by the Cloud API of WhatsApp. The text is WhatsApp's own:
// "492013 is your verification code." The template says in how many minutes the code expires (1 to
// 90): create it with Policy.Lifetime.
type whatsApp struct {
	api    string // https://graph.facebook.com/v23.0
	number string // the id of the sender's number
	token  string

	template, language string
}

func (w *whatsApp) Send(ctx context.Context, m otp.Message) error {
	to, err := otpsms.Normalize(m.To)
	if err != nil {
		return otp.Undeliverable(err)
	}

	// The code stands in the text and in the button that copies it.
	code := []any{map[string]string{"type": "text", "text": m.Code.Reveal()}}
	r, err := jsonRequest(ctx, w.api+"/"+w.number+"/messages", map[string]any{
		"messaging_product": "whatsapp", "to": to, "type": "template",
		"template": map[string]any{
			"name": w.template, "language": map[string]string{"code": w.language},
			"components": []any{
				map[string]any{"type": "body", "parameters": code},
				map[string]any{"type": "button", "sub_type": "url", "index": "0",
					"parameters": code},
			},
		},
	})
	if err != nil {
		return otp.NotSent(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)

	var refusal struct{ Error struct{ Code int } }
	// 131026: the number does not use WhatsApp, or cannot be reached by businesses.
	return post(r, &refusal, func() bool { return refusal.Error.Code == 131026 })
}

// A Sender for WhatsApp. The server stands for Meta's.
func Example_whatsApp() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct {
			To       string
			Template struct{ Name string }
		}
		json.NewDecoder(r.Body).Decode(&sent)
		fmt.Println(r.URL.Path)
		fmt.Println(sent.Template.Name, "to", sent.To)
	}))
	defer provider.Close()

	sender := &whatsApp{api: provider.URL + "/v23.0", number: "1065", token: "secret",
		template: "sign_in", language: "en_US"}
	fmt.Println(sender.Send(context.Background(), message("492013")))
	// Output:
	// /v23.0/1065/messages
	// sign_in to +442079460000
	// <nil>
}
