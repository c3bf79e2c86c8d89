package otp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// printed returns v in every form that a program prints, logs or marshals values in.
func printed(t testing.TB, v any) string { return printedUnder(t, v, "vstTqxXdboOUeEfFgGc") }

func printedUnder(t testing.TB, v any, verbs string) string {
	t.Helper()
	var b strings.Builder
	for _, verb := range verbs {
		for _, flags := range []string{"", "+", "#", " ", "0", "-", "+#20.3"} {
			fmt.Fprintf(&b, "%"+flags+string(verb)+"\n", v)
		}
	}
	fmt.Fprintln(&b, v, []any{v}, map[string]any{"k": v}, &v)
	text := slog.New(slog.NewTextHandler(&b, nil))
	text.Info("m", "v", v, slog.Group("g", "v", v), "list", []any{v})
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v, slog.Group("g", "v", v), "list", []any{v})
	marshalled, err := json.Marshal(map[string]any{"v": v})
	if err != nil && !strings.Contains(err.Error(), "unsupported type") {
		t.Errorf("%T: %v", v, err)
	}
	b.Write(marshalled)
	return b.String()
}

// wantNone fails the test if the text holds one of the secrets in a form that can be read back.
func wantNone(t testing.TB, what, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		forms := []string{
			secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
		}
		for _, form := range forms {
			if form != "" && strings.Contains(text, form) {
				t.Errorf("%s shows %q as %q", what, secret, form)
			}
		}
	}
}

func TestRule13NothingPrintsSecrets(t *testing.T) {
	const secret, to, bind, typed = "0123456789-key-0123456789-key-01", "ada@example.com", "the-session-id", "271828"
	var m otp.Message
	config := otp.Config{
		Purpose: "test", Secret: []byte(secret), CodeKeys: otp.Keys{[]byte(secret)}, Store: newTable(),
		Sender: otp.SenderFunc(func(_ context.Context, got otp.Message) error { m = got; return nil }),
		Policy: otp.Policy{MinSendTime: -1},
	}
	s, err := otp.New(config)
	want(t, "New", err, nil)
	_, err = s.Send(t.Context(), otp.Request{To: to, Bind: bind, Data: typed})
	want(t, "Send", err, nil)
	code := m.Code.Reveal()
	if len(code) != 6 {
		t.Fatalf("Reveal gives a code of %d symbols", len(code))
	}
	request := otp.Request{To: to, Bind: bind, Data: typed}
	submission := otp.Submission{To: to, Bind: bind, Code: typed}
	type inner struct{ code otp.Code } // fmt reads unexported fields without asking their methods
	for _, v := range []any{
		m.Code, &m.Code, inner{m.Code}, &inner{m.Code}, []otp.Code{m.Code}, map[otp.Code]otp.Code{m.Code: m.Code}, struct{ Code otp.Code }{m.Code},
		config.CodeKeys, &config.CodeKeys, config, &config, s, struct{ Service *otp.Service }{s}, request, &request, submission, &submission, m, &m, []otp.Message{m},
	} {
		text := printed(t, v)
		wantNone(t, fmt.Sprintf("%T", v), text, code, secret, to, bind, typed)
	}
	// For these verbs, which go vet refuses, fmt does not ask a value how to print it. A Code has nothing to show anyway.
	for _, v := range []any{m.Code, &m.Code, inner{m.Code}, s} {
		wantNone(t, fmt.Sprintf("%T", v), printedUnder(t, v, "pw"), code, secret, to, bind)
	}
	for _, v := range []any{m.Code, config.CodeKeys, config, s, request, submission, m} {
		if got := fmt.Sprintf("%v %+v %#v %s %d", v, v, v, v, v); got != strings.TrimSpace(strings.Repeat("[redacted] ", 5)) {
			t.Errorf("%T prints as %q", v, got)
		}
		text, err := v.(interface{ MarshalText() ([]byte, error) }).MarshalText()
		if got := v.(fmt.Stringer).String(); got != "[redacted]" || string(text) != got || err != nil {
			t.Errorf("%T: String gives %q, MarshalText %q, %v", v, got, text, err)
		}
	}
	if got := (otp.Code{}).Reveal(); got != "" {
		t.Errorf("the zero Code reveals %q", got)
	}
}

func TestRule13ErrorsAndEventsHoldNoSecrets(t *testing.T) {
	const secret, to, bind = "0123456789-key-0123456789-key-01", "ada@example.com", "the-session-id"
	var events []otp.Event
	var fail error
	var sent []string
	broken := false
	config := otp.Config{
		Purpose: "test", Secret: []byte(secret), Policy: otp.Policy{MinSendTime: -1, MaxFailures: 10, SendLimits: often},
		Store: &otptest.FaultyStore{Store: newTable(), Fault: func(otptest.Call) (f otptest.Fault) {
			if broken {
				f.Before = otptest.ErrInjected
			}
			return f
		}},
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			sent = append(sent, m.Code.Reveal())
			if fail != nil {
				return fmt.Errorf("mail %s to %s: %w", m.Code.Reveal(), m.To, fail)
			}
			return nil
		}),
		Observe: func(_ context.Context, e otp.Event) { events = append(events, e) },
	}
	s, err := otp.New(config)
	want(t, "New", err, nil)
	var shown strings.Builder
	run := func(err error) {
		if err != nil {
			fmt.Fprintln(&shown, err)
			fmt.Fprintf(&shown, "%v %+v %#v %q\n", err, err, err, err)
			var rejected *otp.RejectedError
			if errors.As(err, &rejected) {
				shown.WriteString(printed(t, rejected))
			}
		}
	}
	typed := []string{"314159", "hello", to, strings.Repeat("7", 80)}
	for _, fail = range []error{nil, errors.New("x"), otp.ErrNotSent, otp.ErrUndeliverable} {
		_, err := s.Send(t.Context(), otp.Request{To: to, Bind: bind})
		run(err)
		for _, code := range typed {
			run(s.Verify(t.Context(), otp.Submission{To: to, Bind: bind, Code: code}))
		}
	}
	for _, broken = range []bool{false, true} {
		for _, other := range []string{to, "", strings.Repeat(to, 100)} {
			for _, code := range append(typed, sent[0]) {
				run(s.Verify(t.Context(), otp.Submission{To: other, Bind: bind, Code: code}))
			}
			_, err := s.Send(t.Context(), otp.Request{To: other, Bind: bind})
			run(err)
			_, err = s.Status(t.Context(), other, bind)
			run(err)
			run(s.Revoke(t.Context(), other))
			run(s.Unlock(t.Context(), other))
		}
	}
	secrets := append([]string{secret, to, bind, "314159"}, sent...)
	wantNone(t, "an error", shown.String(), secrets...)
	ops := map[string]bool{}
	for _, e := range events {
		ops[e.Op] = true
		wantNone(t, "an event", printed(t, e), secrets...)
	}
	if len(ops) != 5 || shown.Len() == 0 {
		t.Errorf("seen are the operations %v", ops)
	}
}

// Whoever reads the table finds no code, no address, and nothing that the digests of all codes lead to.
func TestTheStoreHoldsNoCodesAndNoAddresses(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
	for i := range 1000 {
		to := fmt.Sprintf("person%04d@example.com", i)
		bind := fmt.Sprintf("session-%04d", i)
		code, _ := send(t, s, in, otp.Request{To: to, Bind: bind})
		if i%2 == 0 { // used, tried and fresh ones
			submission := otp.Submission{To: to, Bind: bind, Code: code}
			if i%4 == 0 {
				submission.Code = wrong(code, i)
			}
			s.Verify(t.Context(), submission)
		}
	}
	var values, keys bytes.Buffer
	for key, value := range store.dump() {
		located, err := base64.RawURLEncoding.DecodeString(key)
		if err != nil || len(located) != 16 || len(key) != 22 {
			t.Fatalf("the key %q is no base64url of 16 bytes", key)
		}
		keys.WriteString(key + "\n")
		values.Write(value)
		values.Write(located)
	}
	dump := values.Bytes()
	if len(store.dump()) != 1000 {
		t.Fatalf("%d records, want 1000", len(store.dump()))
	}
	for _, m := range in.Messages() {
		for _, form := range []string{m.Code.Reveal(), m.To, m.To[:10], "example", "session-", m.ID} {
			if bytes.Contains(dump, []byte(form)) || strings.Contains(keys.String(), form) {
				t.Fatalf("the store holds %q", form)
			}
		}
	}
	// The first eight bytes of the digests of all codes, as they are and as they would stand in text.
	digests := make(map[[8]byte]int, 3_000_000)
	for i := range 1_000_000 {
		code := fmt.Sprintf("%06d", i)
		sum := sha256.Sum256([]byte(code))
		digests[[8]byte(sum[:8])] = i
		digests[[8]byte([]byte(hex.EncodeToString(sum[:4])))] = i
		digests[[8]byte([]byte(base64.StdEncoding.EncodeToString(sum[:6])))] = i
	}
	for _, text := range [][]byte{dump, keys.Bytes()} {
		for i := range len(text) - 8 {
			if code, hit := digests[[8]byte(text[i:i+8])]; hit {
				t.Fatalf("at %d there is the digest of code %06d", i, code)
			}
		}
	}
}

// Changing or moving a value is an error that is no rejection, and accepts nothing.
func TestForgedValues(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: often}})
	code, _ := send(t, s, in, otp.Request{To: ada})
	var mine, others string
	for key := range store.dump() {
		mine = key
	}
	other, _ := send(t, s, in, otp.Request{To: "grace@example.com"})
	for key := range store.dump() {
		if key != mine {
			others = key
		}
	}
	check := func(what string) {
		t.Helper()
		wantNotJudged(t, what, submit(t, s, code))
		wantNotJudged(t, what, submit(t, s, other))
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		wantNotJudged(t, what, err)
		_, err = s.Status(t.Context(), ada, "")
		wantNotJudged(t, what, err)
		wantNotJudged(t, what, s.Revoke(t.Context(), ada))
		wantNotJudged(t, what, s.Unlock(t.Context(), ada))
	}
	genuine := bytes.Clone(store.values[mine])
	for bit := range len(genuine) * 8 {
		forged := bytes.Clone(genuine)
		forged[bit/8] ^= 1 << (bit % 8)
		store.values[mine] = forged
		check(fmt.Sprintf("bit %d flipped", bit))
	}
	for n := 1; n < len(genuine); n++ {
		store.values[mine] = genuine[:n]
		check(fmt.Sprintf("cut to %d bytes", n))
	}
	store.values[mine] = append(bytes.Clone(genuine), 0)
	check("one byte longer")
	store.values[mine] = store.values[others]
	check("moved from another address")
	store.values[mine] = genuine
	want(t, "the genuine value", submit(t, s, code), nil)
}
