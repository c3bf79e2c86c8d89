package otp

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

func TestParseKeys(t *testing.T) {
	a, b := bytes.Repeat([]byte{0xfb}, 32), bytes.Repeat([]byte{0xff, 1}, 20)
	std, url := base64.StdEncoding, base64.RawURLEncoding
	for text, want := range map[string]Keys{
		std.EncodeToString(a): {a},
		url.EncodeToString(a): {a},
		url.EncodeToString(b) + " ,\n" + std.EncodeToString(a):    {b, a},
		" " + std.EncodeToString(a) + "," + std.EncodeToString(b): {a, b},
	} {
		got, err := ParseKeys(text)
		if err != nil || len(got) != len(want) {
			t.Errorf("ParseKeys(%q) = %d keys, %v; want %d", text, len(got), err, len(want))
			continue
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Errorf("ParseKeys(%q): key %d is wrong", text, i+1)
			}
		}
	}
}

// An error names the place of a bad key and holds nothing of it.
func TestParseKeysRefusesBadKeys(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
	for text, want := range map[string]string{
		"":                  "no keys",
		" \n":               "no keys",
		good + ",":          "key 2 has 0 bytes",
		good + ",c2hvcnQ":   "key 2 has 5 bytes",
		"!ecret," + good:    "key 1 is not base64",
		good + "x":          "key 1 is not base64",
		good[:42] + "\n=":   "key 1 has 31 bytes",
		good[:20] + " AAAA": "key 1 is not base64",
	} {
		keys, err := ParseKeys(text)
		if err == nil || keys != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseKeys(%q) = %d keys, %v; want an error with %q", text, len(keys), err, want)
			continue
		}
		for _, part := range []string{"c2hv", "ecret", good[:8]} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("ParseKeys(%q): the error %q holds part of a key", text, err)
			}
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add("")
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 33)) + " , " + base64.StdEncoding.EncodeToString(make([]byte, 40)))
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeys(text)
		if (err == nil) != (len(keys) > 0) {
			t.Errorf("ParseKeys(%q) = %d keys, %v", text, len(keys), err)
		}
		for _, key := range keys {
			if len(key) < minKey {
				t.Errorf("ParseKeys(%q) has a key of %d bytes", text, len(key))
			}
		}
	})
}

// What is kept for the next operation holds no address and no Bind.
func TestWorkspacesForgetTheirMessages(t *testing.T) {
	m := newMAC(bytes.Repeat([]byte{7}, 32))
	m.begin()
	m.appendField("ada@example.com")
	m.sum()
	if left := m.buf[:cap(m.buf)]; bytes.Contains(left, []byte("ada")) {
		t.Errorf("after its MAC, the message is still there: %q", left)
	}
}
