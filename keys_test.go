package otp

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	keyA = bytes.Repeat([]byte{0xfb}, 32)
	keyB = bytes.Repeat([]byte{0xff, 1}, 20)
)

func TestParseKeys(t *testing.T) {
	std, url := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString

	for text, want := range map[string]Keys{
		std(keyA):                         {keyA},
		url(keyA):                         {keyA},
		url(keyB) + " ,\n" + std(keyA):    {keyB, keyA},
		" " + std(keyA) + "," + std(keyB): {keyA, keyB},
	} {
		got, err := ParseKeys(text)
		require.NoError(t, err)
		assert.True(t, equalKeys(want, got)) // a failure of assert.Equal would print the keys
	}
}

func equalKeys(a, b Keys) bool {
	return bytes.Equal(bytes.Join(a, []byte("|")), bytes.Join(b, []byte("|")))
}

// An error names the position of a bad key, and nothing of it.
func TestParseKeysRefusesBadKeys(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(keyA)

	for text, want := range map[string]string{
		"":                               "empty",
		" \n":                            "empty",
		"hunter2":                        "key 1",
		good + ",":                       "key 2 has 0 bytes",
		good + "," + good[:20]:           "key 2 has 15 bytes; at least 32 are needed",
		good + "," + good + ",!" + good:  "key 3 is not base64",
		strings.Repeat("A", 40) + " AAA": "key 1 is not base64",
	} {
		_, err := ParseKeys(text)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "otp: ")
		assert.NotContains(t, err.Error(), "hunter2")

		_, err = ParseKey(text)
		require.Error(t, err)
	}
}

// ParseKey takes one key, and no second one by accident.
func TestParseKey(t *testing.T) {
	text := base64.RawURLEncoding.EncodeToString(keyB)

	key, err := ParseKey(" " + text + "\n")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(keyB, key))

	_, err = ParseKey(text + "," + text)
	require.ErrorContains(t, err, "2 keys")
}

// No two uses have the same key, and none is the Secret or depends on it alone.
func TestEachUseHasItsOwnKey(t *testing.T) {
	seen := map[string]string{string(keyA): "Secret"}
	for _, purpose := range []string{"one", "two"} {
		k, err := newKeyring(&Config{Purpose: purpose, Secret: keyA, CodeKeys: Keys{keyA, keyB}})
		require.NoError(t, err)

		for use, key := range map[string][]byte{
			"record": k.record, "binding": k.binding, "repeat": k.repeat, "value": k.value,
			"pseudonym": k.pseudonym, "code A": k.codes[0].key, "code B": k.codes[1].key,
		} {
			require.Len(t, key, 32)
			twin, twice := seen[string(key)]
			assert.False(t, twice, "%s of %s has the key of %s", use, purpose, twin)
			seen[string(key)] = use + " of " + purpose
		}

		assert.Equal(t, 1, k.codeKey(k.codes[1].id))
		assert.True(t, k.knows(k.codes[0].id))
		assert.False(t, k.knows(keyID{}))
	}
}

// FuzzParseKeys: whatever the text, what is taken has keys of at least 32 bytes, and comes out
// again.
func FuzzParseKeys(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString(keyA) + "," +
		base64.RawURLEncoding.EncodeToString(keyB))
	f.Add("")
	f.Add(",,")

	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeys(text)
		if err != nil {
			return
		}

		require.NotEmpty(t, keys)
		var again []string
		for _, key := range keys {
			require.GreaterOrEqual(t, len(key), minKey)
			again = append(again, base64.StdEncoding.EncodeToString(key))
		}
		parsed, err := ParseKeys(strings.Join(again, ","))
		require.NoError(t, err)
		require.True(t, equalKeys(keys, parsed))
	})
}
