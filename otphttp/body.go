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
// where no member is twice. It serves handlers beside those of a Flow. The error is a [*Problem].
func ParseBody(w http.ResponseWriter, r *http.Request) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != jsonType && mediaType != formType {
		return problem(UnsupportedMediaType)
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p := problem(BodyTooLarge)
		p.Detail = fmt.Sprintf("The body must have at most %d bytes.", tooLong.Limit)
		return p
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

	for name, values := range form {
		if len(values) > 1 {
			return nil, malformed("The form has %q more than once.", name)
		}
		if !utf8.ValidString(values[0]) {
			return nil, malformed("The form could not be read as UTF-8.")
		}
	}
	return form, nil
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
