package lambdahttp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// A response is an http.ResponseWriter that keeps what is written.
type response struct {
	header http.Header
	status int         // 0 until the handler has decided
	sent   http.Header // as it was then
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// WriteHeader implements [http.ResponseWriter]. The first final status counts. A status that no
// server sends is a panic, as in a server.
func (w *response) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", status))
	}

	if w.status != 0 || status < http.StatusOK {
		return
	}

	w.status, w.sent = status, w.Header().Clone()
}

// Write implements [http.ResponseWriter].
func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)

	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

// fail makes the response the plain text of an error, whatever has been written before.
func (w *response) fail(status int) {
	*w = response{}
	http.Error(w, http.StatusText(status), status)
}

// An answer is what the sources take. Each takes some of the members.
type answer struct {
	StatusCode        int               `json:"statusCode"`
	StatusDescription string            `json:"statusDescription,omitempty"`
	Headers           map[string]string `json:"headers,omitempty"`
	MultiValueHeaders http.Header       `json:"multiValueHeaders,omitempty"`
	Cookies           []string          `json:"cookies,omitempty"`
	Body              string            `json:"body"`
	IsBase64Encoded   bool              `json:"isBase64Encoded"`
}

var errCookies = errors.New("lambdahttp: the answer sets several cookies, which a load balancer " +
	"takes only with lambda.multi_value_headers.enabled set on the target group")

// answer returns the response as the source of the event takes it, in JSON.
func (w *response) answer(e *event) ([]byte, error) {
	w.WriteHeader(http.StatusOK)
	w.detectType()
	w.sent = sendable(w.sent)

	a := answer{StatusCode: w.status}

	switch e.source {
	case httpAPI2, functionURL:
		a.Cookies = w.sent["Set-Cookie"]
		delete(w.sent, "Set-Cookie")
		a.Headers = joined(w.sent)
	case albSingle:
		if len(w.sent["Set-Cookie"]) > 1 {
			return nil, errCookies
		}
		a.Headers = joined(w.sent)
	default:
		a.MultiValueHeaders = w.sent
	}

	if e.source == albSingle || e.source == albMultiValue {
		a.StatusDescription = fmt.Sprintf("%d %s", w.status, http.StatusText(w.status))
	}

	if e.method() != http.MethodHead {
		a.setBody(w.body.Bytes())
	}
	return encode(a)
}

// detectType sets the Content-Type that a server would. Without one, HTTP APIs say JSON.
func (w *response) detectType() {
	_, known := w.sent["Content-Type"]
	if known || w.body.Len() == 0 || w.sent.Get("Content-Encoding") != "" {
		return
	}

	w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
}

var newlinesToSpaces = strings.NewReplacer("\r", " ", "\n", " ")

// sendable returns what a server sends of the header: nothing with an invalid name, and values of
// one line.
func sendable(header http.Header) http.Header {
	sent := make(http.Header, len(header))
	for name, values := range header {
		if !isToken(name) {
			continue
		}
		for _, value := range values {
			sent[name] = append(sent[name], strings.Trim(newlinesToSpaces.Replace(value), " \t"))
		}
	}
	return sent
}

func (a *answer) setBody(body []byte) {
	if utf8.Valid(body) {
		a.Body = string(body)
		return
	}

	a.Body, a.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
}

// joined returns a header for sources that take one value for each name.
func joined(header http.Header) map[string]string {
	values := make(map[string]string, len(header))
	for name, v := range header {
		values[name] = strings.Join(v, ", ")
	}
	return values
}

// encode returns the answer in JSON. It leaves "<" as it is, since the quota of AWS counts bytes.
func encode(a answer) ([]byte, error) {
	var b bytes.Buffer

	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(a)
	return b.Bytes(), err
}
