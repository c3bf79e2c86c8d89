package otpsms_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// twilio sends text messages by the Messages resource of Twilio.
type twilio struct {
	api, account, token, from string // api is https://api.twilio.com
	text                      otpsms.Options
}

func (t *twilio) Send(ctx context.Context, m otp.Message) error {
	to, text, err := compose(m, t.text)
	if err != nil {
		return err
	}

	r, err := formRequest(ctx, t.api+"/2010-04-01/Accounts/"+t.account+"/Messages.json",
		url.Values{"To": {to}, "From": {t.from}, "Body": {text}, "ValidityPeriod": {lifetime(m)}})
	if err != nil {
		return otp.NotSent(err)
	}
	r.SetBasicAuth(t.account, t.token)

	var refusal struct{ Code int }
	// No such number, opted out, or a number that takes no text messages.
	return post(r, &refusal, func() bool {
		return slices.Contains([]int{21211, 21214, 21217, 21610, 21614}, refusal.Code)
	})
}

// lifetime returns for how many seconds the message is of use.
func lifetime(m otp.Message) string {
	return strconv.Itoa(max(1, int(time.Until(m.ExpiresAt).Seconds())))
}

// A Sender for Twilio. The server stands for Twilio's; compose, formRequest and post are in
// recipes_test.go.
func Example_twilio() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.URL.Path)
		fmt.Println("to", r.FormValue("To"), "from", r.FormValue("From"))
		fmt.Println(r.FormValue("Body"))
		w.WriteHeader(http.StatusCreated)
	}))
	defer provider.Close()

	sender := &twilio{api: provider.URL, account: "AC1", token: "secret", from: "Acme",
		text: otpsms.Options{Product: "Acme", Domain: "acme.example"}}
	fmt.Println(sender.Send(context.Background(), message("492013")))
	// Output:
	// /2010-04-01/Accounts/AC1/Messages.json
	// to +442079460000 from Acme
	// 492013 is your code for Acme. Do not share it with anyone.
	// @acme.example #492013
	// <nil>
}
