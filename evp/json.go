package evp

import (
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
	member, _ := o[name].(map[string]any)
	return member
}

// has reports whether there is such a member, of any type.
func (o object) has(name string) bool {
	_, ok := o[name]
	return ok
}

// parseObject reads a JSON object in which no member occurs twice: where parsers differ in which
// one counts, two of them see two tokens.
func parseObject(data []byte) (object, error) {
	members, depth := measure(data)
	if !utf8.Valid(data) || depth > maxDepth {
		return nil, errJSON
	}

	var value any
	err := json.Unmarshal(data, &value)
	o, ok := value.(map[string]any)
	if err != nil || !ok || count(o) != members {
		return nil, errJSON
	}
	return o, nil
}

// measure returns how many members the objects of a JSON text have, and how deep it nests. What it
// returns of another text means nothing.
func measure(data []byte) (members, depth int) {
	quoted, open := false, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case quoted:
		case c == ':':
			members++
		case c == '{' || c == '[':
			open++
			depth = max(depth, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return members, depth
}

// count returns how many members are left of those of a JSON text, one of each name.
func count(value any) int {
	n := 0
	switch value := value.(type) {
	case map[string]any:
		n = len(value)
		for _, member := range value {
			n += count(member)
		}
	case []any:
		for _, element := range value {
			n += count(element)
		}
	}
	return n
}

// decodeBase64 reads base64url without padding in its only spelling. The decoder of the standard
// library skips line breaks.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
