package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxBody is above what the longest address, code and password take.
const maxBody = 4 << 10

// A badRequest is an answer for what the client did wrong.
type badRequest struct {
	status int
	detail string
}

func (e *badRequest) Error() string { return e.detail }

func malformed(format string, args ...any) error {
	return &badRequest{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// readObject reads a JSON body that is one object with exactly the given members, each a string. It takes no member
// twice, since a reader that takes the last and one that takes the first would disagree about the address.
func readObject(w http.ResponseWriter, r *http.Request, names ...string) (map[string]string, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, &badRequest{http.StatusUnsupportedMediaType, "The Content-Type must be application/json."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &badRequest{http.StatusRequestEntityTooLarge, fmt.Sprintf("The body must have at most %d bytes.", tooLong.Limit)}
	}
	if err != nil || !utf8.Valid(body) {
		return nil, malformed("The body could not be read as UTF-8.")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, malformed("The body must be a JSON object.")
	}
	members := make(map[string]string)
	for dec.More() {
		token, err := dec.Token()
		name, isString := token.(string)
		if err != nil || !isString {
			return nil, malformed("The body must be a JSON object.")
		}
		if !slices.Contains(names, name) {
			return nil, malformed("The members must be %s, and no others.", strings.Join(names, ", "))
		}
		if _, twice := members[name]; twice {
			return nil, malformed("%s is there twice.", name)
		}
		token, err = dec.Token()
		value, isString := token.(string)
		if err != nil || !isString {
			return nil, malformed("%s must be a string.", name)
		}
		members[name] = value
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, malformed("The body must be a JSON object.")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, malformed("The body must be one JSON object and nothing after it.")
	}
	for _, name := range names {
		if members[name] == "" {
			return nil, malformed("%s is missing.", name)
		}
	}
	return members, nil
}
