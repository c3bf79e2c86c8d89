package evp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest. A set of keys with certificates takes four.
const maxDepth = 16

var errJSON = errors.New("not one strict JSON object")

// An object is a JSON object. Members are found by their exact names, unlike in structs.
type object map[string]any

// text returns a member that is a string, or "".
func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// object returns a member that is an object, or nil.
func (o object) object(name string) object {
	member, _ := o[name].(object)
	return member
}

// has reports whether there is such a member, of any type.
func (o object) has(name string) bool {
	_, ok := o[name]
	return ok
}

// parseObject reads a JSON object in which no member occurs twice: where parsers differ in which
// one counts, two of them see two tokens. Numbers become json.Number.
func parseObject(data []byte) (object, error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, errJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()

	value, err := parseValue(decoder, maxDepth)
	if err != nil {
		return nil, err
	}
	o, ok := value.(object)
	if !ok {
		return nil, errJSON
	}
	return o, nil
}

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}

	delim, ok := token.(json.Delim)
	switch {
	case !ok:
		return token, nil
	case depth == 0:
		return nil, errJSON
	case delim == '{':
		return parseMembers(decoder, depth-1)
	default:
		return parseElements(decoder, depth-1)
	}
}

func parseMembers(decoder *json.Decoder, depth int) (object, error) {
	o := object{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, ok := name.(string)
		if !ok || o.has(key) {
			return nil, errJSON
		}
		if o[key], err = parseValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token() // the brace
	return o, err
}

func parseElements(decoder *json.Decoder, depth int) ([]any, error) {
	elements := []any{}
	for decoder.More() {
		element, err := parseValue(decoder, depth)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	_, err := decoder.Token() // the bracket
	return elements, err
}

// decodeBase64 reads base64url without padding in its only spelling. The decoder of the standard
// library skips line breaks.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
