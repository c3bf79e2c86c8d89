package otpsms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	to, err := otpsms.Normalize(m.To)
	if err != nil {
		return errors.Join(otp.ErrUndeliverable, err)
	}

	text, err := otpsms.Text(m, t.text)
	if err != nil {
		return err
	}

	form := url.Values{"To": {to}, "From": {t.from}, "Body": {text},
		"ValidityPeriod": {strconv.Itoa(max(1, int(time.Until(m.ExpiresAt).Seconds())))}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost,
		t.api+"/2010-04-01/Accounts/"+t.account+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return errors.Join(otp.ErrNotSent, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(t.account, t.token)

	var refusal struct{ Code int }
	// No such number, opted out, or a number that takes no text messages.
	return post(r, &refusal, func() bool {
		return slices.Contains([]int{21211, 21214, 21217, 21610, 21614}, refusal.Code)
	})
}

// post makes one try, and sorts its failure: a connection that did not come about and an answer of
// 4xx are certain, all else is open. blamed says whether the refusal is about the recipient.
func post(r *http.Request, refusal any, blamed func() bool) error {
	response, err := http.DefaultClient.Do(r)
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return errors.Join(otp.ErrNotSent, err)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()

	status := response.StatusCode
	err = fmt.Errorf("the provider answered with HTTP status %d", status)
	decodeErr := json.NewDecoder(response.Body).Decode(refusal)

	switch {
	case status < 300:
		return nil
	case status < 400 || status >= 500 || status == http.StatusRequestTimeout:
		return err
	case decodeErr == nil && blamed():
		return errors.Join(otp.ErrUndeliverable, err)
	}
	return errors.Join(otp.ErrNotSent, err)
}

// A Sender for Twilio. The server stands for Twilio's.
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

	err := sender.Send(context.Background(), otp.Message{To: "0049 151 12345678",
		Code: otp.NewCode("492013"), ExpiresAt: time.Now().Add(5 * time.Minute)})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// /2010-04-01/Accounts/AC1/Messages.json
	// to +4915112345678 from Acme
	// 492013 is your code for Acme. Do not share it with anyone.
	// @acme.example #492013
}
