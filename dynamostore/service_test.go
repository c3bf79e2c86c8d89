package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

const to = "ada@example.com"

func send(t *testing.T, s *otp.Service, r otp.Request) otp.Status {
	t.Helper()
	status, err := s.Send(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// submitAtOnce submits the code n times at once and returns the outcomes.
func submitAtOnce(t *testing.T, s *otp.Service, code string, n int) []error {
	outcomes := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			<-start
			outcomes[i] = s.Verify(t.Context(), otp.Submission{To: to, Code: code})
		})
	}
	close(start)
	wg.Wait()
	return outcomes
}

// count returns how many of the outcomes match the reason.
func count(outcomes []error, reason error) int {
	n := 0
	for _, err := range outcomes {
		if errors.Is(err, reason) {
			n++
		}
	}
	return n
}

// another returns a code that is not the given one.
func another(code string) string {
	first := (code[0]-'0'+1)%10 + '0'
	return string(first) + code[1:]
}

func TestSimultaneousRightSubmissions(t *testing.T) {
	store := newStore(t, servers.DynamoDB(t), newTable(t, "pk"), nil)
	service, inbox := otptest.New(t, otp.Config{Store: store})
	send(t, service, otp.Request{To: to})
	outcomes := submitAtOnce(t, service, inbox.Code(t, to), 300)
	if accepted, used := count(outcomes, nil), count(outcomes, otp.ErrUsed); accepted != 1 || used != 299 {
		t.Errorf("%d accepted and %d answered with ErrUsed, want 1 and 299: %v", accepted, used, outcomes)
	}
}

func TestSimultaneousWrongSubmissions(t *testing.T) {
	store := newStore(t, servers.DynamoDB(t), newTable(t, "pk"), nil)
	const maxAttempts = 7
	service, inbox := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{MaxAttempts: maxAttempts}})
	send(t, service, otp.Request{To: to})
	code := inbox.Code(t, to)
	outcomes := submitAtOnce(t, service, another(code), 300)
	if counted, refused := count(outcomes, otp.ErrMismatch), count(outcomes, otp.ErrExhausted); counted != maxAttempts || refused != 300-maxAttempts {
		t.Errorf("%d compared and %d refused, want %d and %d: %v", counted, refused, maxAttempts, 300-maxAttempts, outcomes)
	}
	if err := service.Verify(t.Context(), otp.Submission{To: to, Code: code}); !errors.Is(err, otp.ErrExhausted) {
		t.Errorf("the right code is then answered with %v", err)
	}
}

// A meter counts the requests that reach the network, tries by the SDK included, and the units that DynamoDB charges.
type meter struct {
	dynamostore.API
	reads, writes         atomic.Int64
	readUnits, writeUnits float64
}

func newMeter(tb testing.TB) *meter {
	m := new(meter)
	m.API = servers.DynamoDB(tb, func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Deserialize.Add(m, middleware.Before)
		})
	})
	return m
}

func (*meter) ID() string { return "meter" }

func (m *meter) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	switch awsmiddleware.GetOperationName(ctx) {
	case "GetItem":
		m.reads.Add(1)
	case "PutItem":
		m.writes.Add(1)
	}
	return next.HandleDeserialize(ctx, in)
}

func (m *meter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.GetItem(ctx, in, opts...)
	if err == nil {
		m.readUnits += *out.ConsumedCapacity.CapacityUnits
	}
	return out, err
}

func (m *meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.PutItem(ctx, in, opts...)
	if err == nil {
		m.writeUnits += *out.ConsumedCapacity.CapacityUnits
	}
	return out, err
}

// String returns what was counted and starts again from zero.
func (m *meter) String() string {
	s := fmt.Sprintf("%d reads of %v units, %d writes of %v units", m.reads.Swap(0), m.readUnits, m.writes.Swap(0), m.writeUnits)
	m.readUnits, m.writeUnits = 0, 0
	return s
}

func TestRequestsAndUnits(t *testing.T) {
	m := newMeter(t)
	service, inbox := otptest.New(t, otp.Config{Store: newStore(t, m, newTable(t, "pk"), nil)})
	const one, readOnly, none = "1 reads of 1 units, 1 writes of 1 units", "1 reads of 1 units, 0 writes of 0 units", "0 reads of 0 units, 0 writes of 0 units"
	verify := func(to, code string) error { return service.Verify(t.Context(), otp.Submission{To: to, Code: code}) }
	for _, step := range []struct {
		name    string
		do      func() error
		outcome error
		want    string
	}{
		{"a submission for an unknown address", func() error { return verify(to, "123456") }, otp.ErrNoCode, readOnly},
		{"Send", func() error { send(t, service, otp.Request{To: to}); return nil }, nil, one},
		{"Send that is refused", func() error { _, err := service.Send(t.Context(), otp.Request{To: to}); return err }, otp.ErrLimited, readOnly},
		{"a malformed submission", func() error { return verify(to, "12345x") }, otp.ErrMalformed, none},
		{"an empty submission", func() error { return verify(to, "") }, otp.ErrMalformed, none},
		{"a wrong submission", func() error { return verify(to, another(inbox.Code(t, to))) }, otp.ErrMismatch, one},
		{"Status", func() error { _, err := service.Status(t.Context(), otp.Request{To: to}); return err }, nil, readOnly},
		{"the right submission", func() error { return verify(to, inbox.Code(t, to)) }, nil, one},
		{"the same again", func() error { return verify(to, inbox.Code(t, to)) }, otp.ErrUsed, readOnly},
		{"Send for a decoy", func() error { send(t, service, otp.Request{To: "eve@example.com", Decoy: true}); return nil }, nil, one},
	} {
		if err := step.do(); !errors.Is(err, step.outcome) {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := m.String(); got != step.want {
			t.Errorf("%s costs %s, want %s", step.name, got, step.want)
		}
	}
}

// maxValue is the size of the largest value that package otp writes (encode.go), maxKey that of its keys.
const (
	maxValue = 868
	maxKey   = 43
)

// itemSize returns the size of an item by which DynamoDB charges. All numbers here have ten digits: five bytes and one.
func itemSize(i item) (size int) {
	for name, attribute := range i {
		size += len(name)
		switch a := attribute.(type) {
		case *types.AttributeValueMemberS:
			size += len(a.Value)
		case *types.AttributeValueMemberB:
			size += len(a.Value)
		case *types.AttributeValueMemberN:
			size += (len(a.Value)+1)/2 + 1
		}
	}
	return size
}

// The fullest record that a Service can make: as many sends, used codes and live codes as it remembers.
func TestLargestRecord(t *testing.T) {
	table := newTable(t, "pk")
	const month = 30 * 24 * time.Hour
	service, inbox := otptest.New(t, otp.Config{
		Store:  newStore(t, servers.DynamoDB(t), table, nil),
		Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 60, Window: month}}, MaxAttempts: 10},
	})
	verify := func(bind, code string) error {
		return service.Verify(t.Context(), otp.Submission{To: to, Binding: bind, Code: code})
	}
	for range 3 {
		send(t, service, otp.Request{To: to})
		if err := verify("", inbox.Code(t, to)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 17 {
		bind := string(rune('a' + i%3))
		send(t, service, otp.Request{To: to, Binding: bind})
		verify(bind, another(inbox.Code(t, to)))
	}
	items := scan(t, table)
	if len(items) != 1 {
		t.Fatalf("the table holds %d items", len(items))
	}
	value := items[0]["value"].(*types.AttributeValueMemberB).Value
	t.Logf("the value has %d bytes, the item %d", len(value), itemSize(items[0]))
	if len(value) < 800 || len(value) > maxValue {
		t.Errorf("the value has %d bytes: it must be close to %d, which is meant to be the most", len(value), maxValue)
	}
}

// Whatever New takes, the largest value makes an item of one write unit.
func TestLargestItem(t *testing.T) {
	opts := &dynamostore.Options{SortKey: "SK", SortValue: "otp", KeyPrefix: string(make([]byte, 81))} // 100 bytes with the rest
	table, m := newTable(t, "pk", "SK"), newMeter(t)
	store := newStore(t, m, table, opts)
	key := string(make([]byte, maxKey))
	expires := time.Date(2286, 11, 20, 17, 46, 39, 0, time.UTC) // ten digits at most
	if swapped, err := store.CompareAndSwap(t.Context(), key, nil, make([]byte, maxValue), expires); !swapped || err != nil {
		t.Fatal(swapped, err)
	}
	if got, want := m.String(), "0 reads of 0 units, 1 writes of 1 units"; got != want {
		t.Errorf("the largest item costs %s, want %s", got, want)
	}
	if size := itemSize(scan(t, table)[0]); size >= 1024 {
		t.Errorf("the largest item has %d bytes", size)
	}
}

// DynamoDB drops expired items within days, not seconds. The table of this test never does.
func TestExpiredItem(t *testing.T) {
	table := newTable(t, "pk")
	service, inbox := otptest.New(t, otp.Config{
		Store:  newStore(t, servers.DynamoDB(t), table, nil),
		Policy: otp.Policy{Lifetime: time.Second, SendLimits: []otp.Limit{{Count: 1, Window: time.Second}}},
	})
	send(t, service, otp.Request{To: to})
	expired := inbox.Code(t, to)
	await(t, "the item to expire", func() bool { return secondsLeft(t, table) < 0 })

	err := service.Verify(t.Context(), otp.Submission{To: to, Code: expired})
	if !errors.Is(err, otp.ErrExpired) {
		t.Errorf("the expired code is answered with %v", err)
	}
	if left := secondsLeft(t, table); left >= 0 {
		t.Fatalf("the item lives %d s more: this tests nothing", left)
	}
	send(t, service, otp.Request{To: to})
	if err := service.Verify(t.Context(), otp.Submission{To: to, Code: inbox.Code(t, to)}); err != nil {
		t.Errorf("the new code is answered with %v", err)
	}
}

// secondsLeft returns the time to live of the only item of the table.
func secondsLeft(t *testing.T, table string) int64 {
	t.Helper()
	items := scan(t, table)
	if len(items) != 1 {
		t.Fatalf("the table holds %d items", len(items))
	}
	expires, err := strconv.ParseInt(items[0]["expires"].(*types.AttributeValueMemberN).Value, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return expires - time.Now().Unix()
}

// await polls until done returns true.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}
