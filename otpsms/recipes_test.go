package otpsms_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// compose returns what the recipes send, and where to.
func compose(m otp.Message, options otpsms.Options) (to, text string, err error) {
	if to, err = otpsms.Normalize(m.To); err != nil {
		return "", "", otp.Undeliverable(err)
	}
	text, err = otpsms.Text(m, options)
	return to, text, err
}

func formRequest(ctx context.Context, target string, form url.Values) (*http.Request, error) {
	return request(ctx, target, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func jsonRequest(ctx context.Context, target string, value any) (*http.Request, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return request(ctx, target, "application/json", body)
}

func request(ctx context.Context, target, mediaType string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", mediaType)
	return r, nil
}

// post makes one try, and sorts its failure: a connection that did not come about and an answer of
// 4xx are certain, all else is open. blamed says whether the refusal is about the recipient.
func post(r *http.Request, refusal any, blamed func() bool) error {
	response, err := http.DefaultClient.Do(r)
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return otp.NotSent(err)
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
		return otp.Undeliverable(err)
	}
	return otp.NotSent(err)
}

// The recipes sort the failures of their providers as every Sender does, make one try, and repeat
// neither the number nor the code.
func TestRecipesSortErrors(t *testing.T) {
	recipes := map[string]func(api string) otp.Sender{
		"twilio": func(api string) otp.Sender {
			return &twilio{api: api, account: "AC1", token: "secret", from: "Acme",
				text: otpsms.Options{Product: "Acme"}}
		},
		"verify": func(api string) otp.Sender {
			return &verify{api: api, account: "AC1", token: "secret", service: "VA1"}
		},
		"vonage": func(api string) otp.Sender {
			return &vonage{api: api, key: "key", secret: "secret", from: "Acme",
				text: otpsms.Options{Product: "Acme"}}
		},
		"gateway": func(api string) otp.Sender {
			return &gateway{url: api, token: "secret", text: otpsms.Options{Product: "Acme"}}
		},
		"whatsApp": func(api string) otp.Sender {
			return &whatsApp{api: api, number: "1065", token: "secret", template: "sign_in",
				language: "en_US"}
		},
	}

	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}

	for _, test := range []struct {
		recipe, name string
		provider     http.HandlerFunc // nil: there is none
		to           string
		want         error // nil: open
		requests     int32
	}{
		{"twilio", "bad number", answer(201, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"twilio", "no connection", nil, "", otp.ErrNotSent, 0},
		{"twilio", "invalid To", answer(400, `{"code": 21211}`), "", otp.ErrUndeliverable, 1},
		{"twilio", "opted out", answer(400, `{"code": 21610}`), "", otp.ErrUndeliverable, 1},
		{"twilio", "no mobile", answer(400, `{"code": 21614}`), "", otp.ErrUndeliverable, 1},
		{"twilio", "bad From", answer(400, `{"code": 21606}`), "", otp.ErrNotSent, 1},
		{"twilio", "bad token", answer(401, `{"code": 20003}`), "", otp.ErrNotSent, 1},
		{"twilio", "too many", answer(429, `{"code": 20429}`), "", otp.ErrNotSent, 1},
		{"twilio", "not JSON", answer(404, `<html>`), "", otp.ErrNotSent, 1},
		{"twilio", "request timeout", answer(408, ``), "", nil, 1},
		{"twilio", "fault", answer(500, `{"code": 20500}`), "", nil, 1},
		{"twilio", "unavailable", answer(503, `<html>`), "", nil, 1},
		{"twilio", "no answer", silent, "", nil, 1},
		{"twilio", "broken answer", abort, "", nil, 1},

		{"verify", "bad number", answer(201, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"verify", "landline", answer(403, `{"code": 60205}`), "", otp.ErrUndeliverable, 1},
		{"verify", "too many", answer(429, `{"code": 60203}`), "", otp.ErrNotSent, 1},

		{"vonage", "bad number", answer(202, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"vonage", "no prefix", answer(422, `{"type":"https://vonage.test/messages#1040"}`), "",
			otp.ErrUndeliverable, 1},
		{"vonage", "barred", answer(422, `{"type":"https://vonage.test/messages#1050"}`), "",
			otp.ErrUndeliverable, 1},
		{"vonage", "no credit", answer(402, `{"type":"https://vonage.test/messages#1070"}`), "",
			otp.ErrNotSent, 1},
		{"vonage", "bad key", answer(401, `{"type":"https://vonage.test/#unauthorized"}`), "",
			otp.ErrNotSent, 1},

		{"gateway", "bad number", answer(200, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"gateway", "invalid", answer(422, `{"error":"invalid_number"}`), "",
			otp.ErrUndeliverable, 1},
		{"gateway", "bad token", answer(401, `<html>`), "", otp.ErrNotSent, 1},

		{"whatsApp", "bad number", answer(200, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"whatsApp", "no WhatsApp", answer(400, `{"error":{"code":131026}}`), "",
			otp.ErrUndeliverable, 1},
		{"whatsApp", "no template", answer(404, `{"error":{"code":132001}}`), "",
			otp.ErrNotSent, 1},
		{"whatsApp", "bad token", answer(401, `{"error":{"code":190}}`), "", otp.ErrNotSent, 1},
		{"whatsApp", "too many", answer(429, `{"error":{"code":130429}}`), "", otp.ErrNotSent, 1},
	} {
		t.Run(fmt.Sprintf("%s/%s", test.recipe, test.name), func(t *testing.T) {
			t.Parallel()

			var requests atomic.Int32
			handle := func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				io.Copy(io.Discard, r.Body)
				test.provider(w, r)
			}

			provider := httptest.NewServer(http.HandlerFunc(handle))
			t.Cleanup(provider.Close)
			if test.provider == nil {
				provider.Close()
			}

			m := message("492013")
			m.To = cmp.Or(test.to, "+49 151 12345678")
			timeout := 30 * time.Second
			if test.name == "no answer" {
				timeout = 2 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			err := recipes[test.recipe](provider.URL).Send(ctx, m)

			require.Error(t, err)
			if test.want == nil {
				require.NotErrorIs(t, err, otp.ErrNotSent)
			} else {
				require.ErrorIs(t, err, test.want)
			}
			require.Equal(t, test.want == otp.ErrUndeliverable,
				errors.Is(err, otp.ErrUndeliverable))
			require.Equal(t, test.requests, requests.Load())
			require.NotRegexp(t, `492013|151 ?12345678`, err.Error())
		})
	}
}
