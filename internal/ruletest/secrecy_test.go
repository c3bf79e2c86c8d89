package ruletest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

	for _, handler := range []slog.Handler{
		slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil),
	} {
		slog.New(handler).Info("m", "v", v, slog.Group("g", "v", v), "list", []any{v})
	}

	marshaled, err := json.Marshal(map[string]any{"v": v})
	if err != nil {
		assert.ErrorContains(t, err, "unsupported type")
	}
	b.Write(marshaled)
	return b.String()
}

// wantNone fails the test if the text holds one of the secrets in a form that can be read back.
func wantNone(t testing.TB, what, text string, secrets ...string) {
	t.Helper()

	for _, secret := range secrets {
		forms := []string{
			secret,
			hex.EncodeToString([]byte(secret)),
			strings.ToUpper(hex.EncodeToString([]byte(secret))),
			base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.RawURLEncoding.EncodeToString([]byte(secret)),
			strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
		}
		for _, form := range forms {
			if form != "" && strings.Contains(text, form) {
				t.Errorf("%s shows %q as %q", what, secret, form)
			}
		}
	}
}

const secretKey = "0123456789-key-0123456789-key-01"

// Rule 13: no exported type shows a code, a key, an address or a Binding when it is printed.
func TestRule13NothingPrintsSecrets(t *testing.T) {
	const binding, typed, key = "the-session-id", "271828", "the-form-key"
	var m otp.Message
	config := otp.Config{
		Purpose: "test", Secret: []byte(secretKey), CodeKeys: otp.Keys{[]byte(secretKey)},
		Store: newTable(), Policy: otp.Policy{MinSendTime: -1},
		Sender: otp.SenderFunc(func(_ context.Context, got otp.Message) error {
			m = got
			return nil
		}),
	}
	s, err := otp.New(config)
	require.NoError(t, err)
	request := otp.Request{To: ada, Binding: binding, Data: typed}
	_, err = s.Send(t.Context(), request)
	require.NoError(t, err)
	code := m.Code.Reveal()
	submission := otp.Submission{To: ada, Binding: binding, Code: typed, IdempotencyKey: key}

	type inner struct{ code otp.Code } // fmt reads unexported fields without asking their methods
	secrets := []string{code, secretKey, ada, binding, typed, key}
	for _, v := range []any{
		m.Code, &m.Code, inner{m.Code}, &inner{m.Code}, []otp.Code{m.Code},
		map[otp.Code]otp.Code{m.Code: m.Code}, struct{ Code otp.Code }{m.Code},
		config.CodeKeys, &config.CodeKeys, config, &config, s, struct{ Service *otp.Service }{s},
		request, &request, submission, &submission, m, &m, []otp.Message{m},
	} {
		wantNone(t, fmt.Sprintf("%T", v), printed(t, v), secrets...)
	}

	// For these verbs, which go vet refuses, fmt does not ask a value how to print it.
	for _, v := range []any{m.Code, &m.Code, inner{m.Code}, s} {
		wantNone(t, fmt.Sprintf("%T", v), printedUnder(t, v, "pw"), secrets...)
	}

	for _, v := range []any{m.Code, config.CodeKeys, config, s, request, submission, m} {
		const want = "[redacted] [redacted] [redacted] [redacted] [redacted]"
		assert.Equal(t, want, fmt.Sprintf("%v %+v %#v %s %d", v, v, v, v, v), "%T", v)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, `"[redacted]"`, string(text), "%T", v)
		binary, err := v.(encoding.BinaryMarshaler).MarshalBinary() // gob
		require.NoError(t, err)
		assert.Equal(t, "[redacted]", string(binary), "%T", v)
		logged := v.(slog.LogValuer).LogValue()
		assert.Equal(t, "[redacted]", logged.String(), "%T", v)
	}
}

// Rule 13: no error and no event holds a code, a key, an address or a Binding.
func TestRule13ErrorsAndEventsHoldNoSecrets(t *testing.T) {
	const binding = "the-session-id"
	var events []otp.Event
	var codes []string
	var delivery error
	broken := false
	s, err := otp.New(otp.Config{
		Purpose: "test", Secret: []byte(secretKey),
		Policy: otp.Policy{MinSendTime: -1, MaxFailures: 20, Lock: true, SendLimits: often},
		Store:  failing(newTable(), "", false, &broken),
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			codes = append(codes, m.Code.Reveal())
			if delivery != nil {
				return fmt.Errorf("mail %s to %s: %w", m.Code.Reveal(), m.To, delivery)
			}
			return nil
		}),
		Observe: func(_ context.Context, e otp.Event) { events = append(events, e) },
	})
	require.NoError(t, err)

	var shown strings.Builder
	show := func(err error) {
		if err == nil {
			return
		}
		fmt.Fprintf(&shown, "%v %+v %#v %q\n", err, err, err, err)
		if rejected, ok := errors.AsType[*otp.RejectedError](err); ok {
			shown.WriteString(printed(t, rejected))
		}
	}
	typed := []string{"314159", "hello", ada, strings.Repeat("7", 80)}
	request := otp.Request{To: ada, Binding: binding}

	for _, delivery = range []error{nil, errors.New("x"), otp.ErrNotSent, otp.ErrUndeliverable} {
		_, err := s.Send(t.Context(), request)
		show(err)
		for _, code := range typed {
			show(submitBound(t, s, binding, code))
		}
	}
	for _, broken = range []bool{false, true} {
		for _, request.To = range []string{ada, "", "x\n" + ada, strings.Repeat(ada, 100)} {
			for _, code := range append(typed, codes[0]) {
				submission := otp.Submission{To: request.To, Binding: binding, Code: code}
				show(s.Verify(t.Context(), submission))
			}
			_, err := s.Send(t.Context(), request)
			show(err)
			_, err = s.Status(t.Context(), request)
			show(err)
			show(s.Revoke(t.Context(), request.To, binding))
			show(s.RevokeAll(t.Context(), request.To, binding))
			show(s.Unlock(t.Context(), request.To))
		}
	}

	secrets := append([]string{secretKey, ada, binding, "314159"}, codes...)
	wantNone(t, "an error", shown.String(), secrets...)
	ops := map[otp.Op]bool{}
	for _, e := range events {
		ops[e.Op] = true
		wantNone(t, "an event", printed(t, e), secrets...)
	}
	assert.Len(t, ops, 6)
	assert.NotEmpty(t, shown.String())
}

// Whoever reads the table finds no code, no address, and nothing that the digests of all codes lead
// to.
func TestTheStoreHoldsNoCodesAndNoAddresses(t *testing.T) {
	store := newTable()
	s := start(t, otp.Config{Store: store, Secret: testSecret})
	for i := range 200 {
		to, binding := fmt.Sprintf("person%04d@example.com", i), fmt.Sprintf("session-%04d", i)
		code, _ := s.sent(otp.Request{To: to, Binding: binding})
		sub := otp.Submission{To: to, Binding: binding, Code: code, IdempotencyKey: "the-form-key"}
		switch i % 4 { // used, tried and fresh ones
		case 0:
			sub.Code = wrong(code, i)
			s.verify(sub, otp.ErrMismatch)
		case 2:
			s.verify(sub, nil)
		}
	}

	var dump bytes.Buffer
	require.Len(t, store.values, 200)
	for key, value := range store.values {
		located, err := base64.RawURLEncoding.DecodeString(key)
		require.NoError(t, err)
		require.Len(t, located, 16)
		dump.WriteString(key + "\n")
		dump.Write(value)
		dump.Write(located)
	}

	for _, m := range s.in.Messages() {
		id, err := hex.DecodeString(m.ID) // what traces a mail leads to no record
		require.NoError(t, err)
		code := m.Code.Reveal()
		sum := sha256.Sum256([]byte(code))
		for _, form := range []string{
			code, m.To, m.To[:10], "example", "session-", "the-form-key", m.ID, string(id),
			string(sum[:8]), hex.EncodeToString(sum[:4]),
			base64.StdEncoding.EncodeToString(sum[:6]),
		} {
			require.False(t, bytes.Contains(dump.Bytes(), []byte(form)), form)
		}
	}
}

// A changed, cut or moved value is an error that is no rejection, and accepts nothing.
func TestForgedValues(t *testing.T) {
	store := newTable()
	s := start(t, otp.Config{Store: store})
	record := func(r otp.Request) (key, code string) {
		before := maps.Clone(store.values)
		code, _ = s.sent(r)
		for key := range store.values {
			if before[key] == nil {
				return key, code
			}
		}
		return "", code
	}

	mine, code := record(otp.Request{})
	another, other := record(otp.Request{To: "grace@example.com"})
	trusted, _ := record(otp.Request{Binding: "session", Trust: otp.Known})
	genuine := bytes.Clone(store.values[mine])

	forge := func(value []byte) {
		t.Helper()
		store.values[mine] = value
		wantNotJudged(t, submit(t, s.Service, code))
		wantNotJudged(t, submit(t, s.Service, other))
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		wantNotJudged(t, err)
		_, err = s.Status(t.Context(), otp.Request{To: ada})
		wantNotJudged(t, err)
		wantNotJudged(t, s.Revoke(t.Context(), ada, ""))
		wantNotJudged(t, s.Unlock(t.Context(), ada))
	}
	for bit := range len(genuine) * 8 {
		forged := bytes.Clone(genuine)
		forged[bit/8] ^= 1 << (bit % 8)
		forge(forged)
	}
	for n := 1; n < len(genuine); n++ {
		forge(genuine[:n])
	}
	forge(append(bytes.Clone(genuine), 0))
	forge(store.values[another])
	forge(store.values[trusted])

	store.values[mine] = genuine
	s.submit("", code, nil)
}

// An administrative call goes on to the other records of the address where one is damaged, or
// hangs.
func TestRevokeGoesOn(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store, hung := newTable(), ""
			s := start(t, otp.Config{Store: &otptest.FaultyStore{
				Store: store,
				Fault: func(c otptest.StoreCall) (f otptest.StoreFault) {
					if c.Key == hung {
						f.Delay = time.Hour
					}
					return f
				},
			}})
			s.send("")
			stranger := slices.Collect(maps.Keys(store.values))[0]
			code, _ := s.sent(otp.Request{Binding: "session", Trust: otp.Known})

			if hangs {
				hung = stranger
			} else {
				store.values[stranger] = []byte("damaged")
			}
			err := s.RevokeAll(t.Context(), ada)
			require.ErrorContains(t, err, "the record of Stranger")
			assert.Equal(t, hangs, errors.Is(err, context.DeadlineExceeded))
			s.verify(otp.Submission{
				To: ada, Binding: "session", Trust: otp.Known, Code: code}, otp.ErrNoCode)
		})
	}
}

// Rules 10 and 14: over long random histories of a stranger, who may hang up at any moment, a known
// address whose owner is idle and an unknown one see the same store calls, errors, Status and
// times. No mail is lost by hanging up.
func TestRule10DecoysAreToldFromNothing(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) { tellApart(t, rand.New(rand.NewPCG(10, seed)), seen) })
	}

	for _, outcome := range []error{
		otp.ErrLimited, otp.ErrLocked, otp.ErrMismatch, otp.ErrExhausted, otp.ErrExpired,
		otp.ErrNoCode, otp.ErrMalformed, context.Canceled,
	} {
		assert.Positive(t, seen[outcome.Error()], outcome)
	}
}

// tellApart does the same to a known and to an unknown address, each on a store of its own, step
// after step, and ends the test at the first difference.
func tellApart(t *testing.T, r *rand.Rand, seen map[string]int) {
	policy := otp.Policy{
		MaxAttempts: 1 + r.IntN(5), MaxLiveCodes: 1 + r.IntN(3), Lock: r.IntN(2) == 0,
		MinSendTime: 100 * time.Millisecond,
	}
	policy.MaxFailures = (policy.MaxLiveCodes+1)*policy.MaxAttempts + r.IntN(5)
	var says error // the Sender
	sender := otp.SenderFunc(func(ctx context.Context, _ otp.Message) error {
		time.Sleep(50 * time.Millisecond)
		assert.NoError(t, ctx.Err())
		return says
	})
	var stores [2]*table
	var services [2]*otp.Service
	for i := range services {
		stores[i] = newTable()
		services[i], _ = otptest.New(t, otp.Config{
			Store: slow(stores[i], 10*time.Millisecond), Policy: policy, Sender: sender})
	}

	for step := range 500 {
		op, spelling := r.IntN(20), []string{ada, "ADA@example.com"}[r.IntN(2)]
		request := otp.Request{
			To: spelling, Binding: []string{"one", "one", "two"}[r.IntN(3)],
			Trust: otp.Trust(max(0, r.IntN(5)-2)),
		}
		submission := otp.Submission{
			To: spelling, Binding: request.Binding, Trust: request.Trust,
			Code:           fmt.Sprintf("%0*d", []int{6, 6, 10}[r.IntN(3)], r.Int64N(1_000_000)),
			IdempotencyKey: []string{"", "form"}[r.IntN(2)],
		}
		stays := time.Hour
		if r.IntN(3) == 0 {
			stays = time.Duration(5+10*r.IntN(11)) * time.Millisecond // never at once with others
		}
		says = []error{nil, nil, otp.ErrNotSent, errors.New("open")}[r.IntN(4)]

		call := func(s *otp.Service, request otp.Request) (status otp.Status, err error) {
			ctx, cancel := context.WithTimeout(t.Context(), stays)
			defer cancel()

			switch {
			case op < 8:
				if status, err = s.Send(ctx, request); errors.Is(err, otp.ErrDelivery) {
					err = nil
				}
			case op < 16:
				err = s.Verify(ctx, submission)
				if rejected, ok := errors.AsType[*otp.RejectedError](err); ok {
					status = rejected.Status
				}
			case op < 18:
				status, err = s.Status(ctx, request)
			case op < 19:
				cancel()
				_, err = s.Send(ctx, request)
				err = errors.Unwrap(err)
			default:
				err = s.Revoke(ctx, spelling, request.Binding)
			}
			return status, err
		}

		var outcomes, errs [2]string
		var both sync.WaitGroup
		for i, s := range services {
			request := request
			request.Decoy = i == 1 || spelling != ada // a look-up that is stricter than Normalize
			both.Go(func() {
				begin := time.Now()
				status, err := call(s, request)
				outcomes[i] = fmt.Sprintf("%v, %+v, %v, %v",
					stores[i].took(), status, err, time.Since(begin))
				errs[i] = fmt.Sprint(err)
			})
		}
		both.Wait()

		require.Equal(t, outcomes[0], outcomes[1], "step %d", step)
		seen[errs[0]]++
		time.Sleep(time.Duration(r.ExpFloat64() * float64(time.Minute/2)))
	}
}
