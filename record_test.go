package otp

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A second implementation of all that a release must compute as the last one did: of keys by HKDF
// (RFC 5869), and of tags, codes and values by HMAC-SHA-256 over length-prefixed fields.

func hmacOf(key []byte, message ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range message {
		h.Write(part)
	}
	return h.Sum(nil)
}

// hkdfOf returns the first 32 bytes of HKDF without salt.
func hkdfOf(secret []byte, info string) []byte {
	pseudorandom := hmacOf(make([]byte, sha256.Size), secret)
	return hmacOf(pseudorandom, []byte(info), []byte{1})
}

func field(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// Rule 13 and the roll-out of releases rest on these: record key, Binding tag, code, repeat tag and
// value never change for the same Secret and ids. The constants were computed once by the second
// implementation.
func TestKnownAnswers(t *testing.T) {
	const purpose, address, binding, key = "known-answers", "ada@example.com", "session", "form"
	secret := []byte("a secret of 32 bytes, never used")
	codeSecret := []byte("a code key of 32 bytes, also not")

	policy := testPolicy(Policy{})
	keys, err := newKeyring(&Config{Purpose: purpose, Secret: secret, CodeKeys: Keys{codeSecret}})
	require.NoError(t, err)
	r := newRecords(purpose, policy, nil, keys).of(address, binding, Known)
	defer r.release()

	recordKey := base64.RawURLEncoding.EncodeToString(hmacOf(
		hkdfOf(secret, "otp/v1/record/"+purpose), field(address), []byte{2})[:16])
	assert.Equal(t, recordKey, r.key)
	assert.Equal(t, "UEgb_kM8bm5blpTUAb6Y6A", r.key)

	bindingTag := hmacOf(
		hkdfOf(secret, "otp/v1/binding/"+purpose), field(recordKey), field(binding))[:16]
	assert.Equal(t, bindingTag, r.bindingTag[:])
	assert.Equal(t, "96276e8ebaf21993282f1679c2f5ccce", hex.EncodeToString(r.bindingTag[:]))

	c := code{
		seed: operationID{1, 2, 3}, key: keys.codes[0].id, binding: r.bindingTag,
		issued: time.Unix(1_800_000_000, 0).UTC(), lifetime: 10 * time.Minute, length: 6,
		given: 5, left: 4, usedBy: operationID{4, 5, 6},
	}
	seed := string(c.seed[:])
	assert.Equal(t, hkdfOf(codeSecret, "otp/v1/code-key-id")[:4], c.key[:])

	block := hmacOf(hkdfOf(codeSecret, "otp/v1/code/"+purpose),
		field(purpose), field(address), field(binding), field(seed), []byte{0})
	var digits []byte
	for _, b := range block {
		if b < 250 && len(digits) < c.length {
			digits = append(digits, '0'+b%10)
		}
	}
	text, known := r.text(&c)
	require.True(t, known)
	assert.Equal(t, string(digits), string(text.bytes()))
	assert.Equal(t, "027141", string(text.bytes()))

	repeat := hmacOf(hkdfOf(secret, "otp/v1/repeat/"+purpose),
		field(recordKey), field(binding), field(seed), field(key))[:16]
	c.usedWith = r.repeatTag(&c, key)
	assert.Equal(t, repeat, c.usedWith[:])
	assert.Equal(t, "34952fbcb494ab62e8fc32c968ddb5e2", hex.EncodeToString(c.usedWith[:]))

	s := state{
		keepUntil: c.issued.Add(24 * time.Hour), sends: []time.Time{c.issued},
		ids: []operationID{c.seed}, codes: []code{c},
	}
	body := s.append(nil) // TestKnownAnswerOfAState
	sum := hmacOf(hkdfOf(secret, "otp/v1/value/"+purpose), field(recordKey), body)[:16]
	value := s.seal(nil, r.valueMAC, r.key)
	assert.Equal(t, append(body, sum...), value)
	assert.Equal(t, ""+
		"01006b4b238000000000000001006b49d20001010203000000000000000000000000000101020300"+
		"000000000000000000000000cfb1f15396276e8ebaf21993282f1679c2f5ccce006b49d200000258"+
		"00060504000405060000000000000000000000000034952fbcb494ab62e8fc32c968ddb5e25e71df"+
		"40193886d92d6e629ff60a276c", hex.EncodeToString(value))
}

// The same for what Spend keeps: place, version, operation, tag of the key, MAC.
func TestKnownAnswersOfSpend(t *testing.T) {
	const purpose, id, key = "known-answers", "the id of a token", "form"
	secret := []byte("a secret of 32 bytes, never used")
	store := &lastSwap{}
	s, err := New(Config{Purpose: purpose, Secret: secret, Store: store, Sender: NoSender})
	require.NoError(t, err)
	require.NoError(t, s.Spend(t.Context(), id, key, time.Now().Add(time.Hour)))

	spendKey := hkdfOf(secret, "otp/v1/spend/"+purpose)
	place := hmacOf(spendKey, field("id"), field(id))[:16]
	assert.Equal(t, base64.RawURLEncoding.EncodeToString(place), store.key)
	assert.Equal(t, "uqgn", store.key[:4])

	require.Len(t, store.value, 1+16+16+16)
	body, sum := store.value[:33], store.value[33:]
	assert.EqualValues(t, 1, body[0])
	assert.NotEqual(t, make([]byte, 16), body[1:17])
	assert.Equal(t, hmacOf(spendKey, field("key"), field(id), field(key))[:16], body[17:])
	assert.Equal(t,
		hmacOf(hkdfOf(secret, "otp/v1/value/"+purpose), field(store.key), body)[:16], sum)
}

// A lastSwap keeps what was swapped last, and says that the swap has won.
type lastSwap struct {
	oddStore
	key   string
	value []byte
}

func (s *lastSwap) CompareAndSwap(
	_ context.Context, key string, _, new []byte, _ time.Time,
) (bool, error) {
	s.key, s.value = key, bytes.Clone(new)
	return true, nil
}

// A record that is released holds no address, no Binding and nothing that was made from them in
// text.
func TestReleasedRecordsHoldNoAddress(t *testing.T) {
	r := newRecords("test", testPolicy(Policy{}), nil, testKeys(t)).
		of("ada@example.com", "the-session-id", Stranger)
	_, known := r.text(&code{key: r.keys.codes[0].id, length: 6})
	require.True(t, known)
	r.repeatTag(&code{}, "an idempotency key")
	r.release()

	assert.Empty(t, r.key+r.address+r.binding)
	macs := append([]*mac{r.recordMAC, r.bindingMAC, r.repeatMAC, r.valueMAC}, r.codeMACs...)
	for _, m := range macs {
		for _, text := range []string{"ada", "session", "idempotency"} {
			assert.NotContains(t, string(m.message[:cap(m.message)]), text)
		}
	}
	for _, m := range r.codeMACs {
		assert.Equal(t, make([]byte, sha256.Size), m.out, "what the code was derived from")
	}
}

// An oddStore answers every swap in the same way and notes when it was asked.
type oddStore struct {
	swapped bool
	err     error
	swaps   []time.Time
	loads   int
}

func (s *oddStore) Load(context.Context, string) ([]byte, error) {
	s.loads++
	return nil, nil
}

func (s *oddStore) CompareAndSwap(
	context.Context, string, []byte, []byte, time.Time,
) (bool, error) {
	s.swaps = append(s.swaps, time.Now())
	return s.swapped, s.err
}

// The outcome of a step counts only if no swap was needed, or one has won. After each swap without
// an answer, an operation waits twice as long. After six it gives up.
func TestUpdate(t *testing.T) {
	errStore := errors.New("no answer")
	refusals := make([]time.Duration, 64)

	for _, c := range []struct {
		name    string
		store   oddStore
		changed bool
		want    int
		err     error
		swaps   []time.Duration // when, in milliseconds
		loads   int
	}{
		{"nothing to write", oddStore{}, false, 7, nil, nil, 1},
		{"a swap that wins", oddStore{swapped: true}, true, 7, nil, []time.Duration{0}, 1},
		{"swaps that all lose", oddStore{}, true, 0, errContended, refusals, 65},
		{"swaps without an answer", oddStore{err: errStore}, true, 0, errStore,
			[]time.Duration{0, 10, 30, 70, 150, 310}, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				r := newRecords("test", testPolicy(Policy{}), &c.store, testKeys(t)).
					of("a", "", Stranger)
				defer r.release()
				got, err := update(t.Context(), r, func(time.Time) (int, bool) {
					return 7, c.changed
				})

				require.ErrorIs(t, err, c.err)
				assert.Equal(t, c.want, got)
				assert.Equal(t, c.loads, c.store.loads)
				var swaps []time.Duration
				for _, at := range c.store.swaps {
					swaps = append(swaps, at.Sub(begin)/time.Millisecond)
				}
				assert.Equal(t, c.swaps, swaps)
			})
		})
	}
}

// Rule 10: the code of a decoy is derived, as that of a real Send is.
func TestRule10TheCodeOfADecoyIsDerived(t *testing.T) {
	s, err := New(Config{
		Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: &oddStore{swapped: true},
		Sender: NoSender, Policy: Policy{MinSendTime: -1},
	})
	require.NoError(t, err)
	s.sender = SenderFunc(func(context.Context, Message) error { return nil })

	for _, decoy := range []bool{false, true} {
		var made []*record
		s.records.pool = sync.Pool{New: func() any {
			made = append(made, s.records.newRecord())
			return made[len(made)-1]
		}}

		_, err := s.Send(t.Context(), Request{To: "a", Decoy: decoy})
		require.NoError(t, err)
		require.Len(t, made, 1)
		assert.NotEmpty(t, made[0].codeMACs[0].out, "decoy: %v", decoy)
	}
}
