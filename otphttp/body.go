package otphttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// maxBody bounds the body of a request, in bytes. The answers of challenges are the longest
// members.
const maxBody = 16 << 10

// ParseBody reads the body of the request, a form or a JSON object of strings, into r.PostForm,
// where no member is twice. A body that was parsed before, by a middleware for example, is taken
// from there. It serves handlers beside those of a Flow. The error is a [*Problem].
func ParseBody(w http.ResponseWriter, r *http.Request) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != jsonType && mediaType != formType {
		return problem(UnsupportedMediaType)
	}

	// An empty one says nothing: http.Request.ParseForm makes it of JSON, and leaves the body
	// unread.
	if len(r.PostForm) > 0 {
		return checkForm(r.PostForm)
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return bodyTooLarge(tooLong.Limit)
	}
	if err != nil || !utf8.Valid(body) {
		return malformed("The body could not be read as UTF-8.")
	}

	if mediaType == jsonType {
		r.PostForm, err = parseObject(body)
	} else {
		r.PostForm, err = parseForm(body)
	}
	return err
}

func bodyTooLarge(limit int64) error {
	p := problem(BodyTooLarge)
	p.Detail = fmt.Sprintf("The body must have at most %d bytes.", limit)
	return p
}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

func malformed(format string, args ...any) error {
	p := problem(MalformedBody)
	p.Detail = fmt.Sprintf(format, args...)
	return p
}

func parseForm(body []byte) (url.Values, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformed("The form could not be read.")
	}
	return form, checkForm(form)
}

// checkForm refuses what a form that somebody else has parsed may hold.
func checkForm(form url.Values) error {
	size := 0
	for name, values := range form {
		if len(values) > 1 {
			return malformed("The form has %q more than once.", name)
		}
		for _, value := range values {
			size += len(name) + len(value)
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				return malformed("The form could not be read as UTF-8.")
			}
		}
	}

	if size > maxBody {
		return bodyTooLarge(maxBody)
	}
	return nil
}

var errNoObject = malformed("The body must be one JSON object and nothing after it.")

// parseObject takes no member twice: a reader that takes the last and one that takes the first
// would disagree about the address.
func parseObject(body []byte) (url.Values, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, errNoObject
	}

	members := make(url.Values)
	for dec.More() {
		name, value, err := member(dec)
		if err != nil {
			return nil, err
		}
		if members.Has(name) {
			return nil, malformed("The body has the member %q more than once.", name)
		}
		members.Set(name, value)
	}

	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, errNoObject
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errNoObject
	}
	return members, nil
}

// member reads the name of a member and its value, a string.
func member(dec *json.Decoder) (name, value string, err error) {
	token, err := dec.Token()
	name, isName := token.(string)
	if err != nil || !isName {
		return "", "", errNoObject
	}

	token, err = dec.Token()
	if err != nil {
		return "", "", errNoObject
	}
	value, isString := token.(string)
	if !isString {
		return "", "", malformed("The member %q must be a string.", name)
	}
	return name, value, nil
}
