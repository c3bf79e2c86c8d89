package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/gateway"
)

// sample is an event as the documentation of API Gateway shows it.
func sample(t *testing.T) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

func TestRequest(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a, _ := r.Cookie("a")
		b, _ := r.Cookie("b")
		fmt.Fprintf(w, "%s %s %s?%s %s %s %s %s %q %d", r.Method, r.Host, r.URL.Path, r.URL.RawQuery, a.Value, b.Value,
			r.RemoteAddr, r.Header.Get("Accept-Language"), body, r.ContentLength)
	})
	answer, err := gateway.Handler(echo)(t.Context(), sample(t))
	if err != nil {
		t.Fatal(err)
	}
	const wanted = `POST abc.execute-api.eu-central-1.amazonaws.com /generate-otp/ada@example.com?x=1&y=%20 1 2 ` +
		`192.0.2.1:0 de-CH, de;q=0.9 "{\"email\": \"ada@example.com\"}" 28`
	if answer.Body != wanted {
		t.Errorf("the handler saw\n%s\nwant\n%s", answer.Body, wanted)
	}
}

func TestResponse(t *testing.T) {
	h := gateway.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "A")
		w.Header().Add("Vary", "B")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("Too", "late")
		w.WriteHeader(http.StatusOK)
		w.Write([]byte("text \xff"[:5+len(r.URL.RawQuery)]))
	}))
	event := sample(t)
	event.RawQueryString = ""
	answer, err := h(t.Context(), event)
	if err != nil || answer.StatusCode != http.StatusTeapot || answer.Headers["Vary"] != "A, B" || len(answer.Cookies) != 2 ||
		answer.Cookies[1] != "b=2" || answer.Headers["Too"] != "" || answer.Headers["Set-Cookie"] != "" || answer.Body != "text " || answer.IsBase64Encoded {
		t.Errorf("got %+v, %v", answer, err)
	}
	event.RawQueryString = "x"
	if answer, err = h(t.Context(), event); err != nil || answer.Body != "dGV4dCD/" || !answer.IsBase64Encoded {
		t.Errorf("bytes: got %+v, %v", answer, err)
	}
	event.RequestContext.HTTP.Method = "HEAD"
	if answer, err = h(t.Context(), event); err != nil || answer.Body != "" || answer.StatusCode != http.StatusTeapot {
		t.Errorf("HEAD: got %+v, %v", answer, err)
	}
	silent := gateway.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	if answer, err = silent(t.Context(), event); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("nothing written: got %+v, %v", answer, err)
	}
}

// Paths come escaped or not, and nothing in them is taken for a query or fragment.
func TestPaths(t *testing.T) {
	for raw, wanted := range map[string]string{
		"/generate-otp/ada@example.com":             "/generate-otp/ada@example.com",
		"/generate-otp/ada%40example.com":           "/generate-otp/ada@example.com",
		"/generate-otp/ada@example.com#x":           "/generate-otp/ada@example.com#x",
		"/generate-otp/ada@example.com?x":           "/generate-otp/ada@example.com?x",
		"/generate-otp/ada@example.com\r\nBcc: eve": "/generate-otp/ada@example.com\r\nBcc: eve",
		"": "",
	} {
		event := sample(t)
		event.RawPath = raw
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path != wanted {
				t.Errorf("the path %q becomes %q", raw, r.URL.Path)
			}
		})
		if answer, err := gateway.Handler(h)(t.Context(), event); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%q: %+v, %v", raw, answer, err)
		}
	}
}

// What net/http cannot represent is the client's fault, not the function's.
func TestRequestsThatAreNone(t *testing.T) {
	h := gateway.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }))
	for name, spoil := range map[string]func(*events.APIGatewayV2HTTPRequest){
		"bad escape": func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/%zz" },
		"bad base64": func(e *events.APIGatewayV2HTTPRequest) { e.Body = "?"; e.IsBase64Encoded = true },
		"bad method": func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "G T" },
	} {
		event := sample(t)
		spoil(&event)
		if answer, err := h(t.Context(), event); err != nil || answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %+v, %v", name, answer, err)
		}
	}
}
