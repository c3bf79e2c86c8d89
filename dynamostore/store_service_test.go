package dynamostore_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestRequestsAndUnits(t *testing.T) {
	client := &fakeClient{Client: servers.DynamoDB(t)}
	service, inbox := otptest.New(t, otp.Config{
		Store: newStore(t, client, newTable(t, "pk"), nil),
	})
	const (
		one      = "1 reads of 1 units, 1 writes of 1 units"
		readOnly = "1 reads of 1 units, 0 writes of 0 units"
		three    = "3 reads of 3 units, 1 writes of 1 units"
		none     = "0 reads of 0 units, 0 writes of 0 units"
	)
	verify := func(code func() string) func() error {
		return func() error { return submit(t, service, to, code()) }
	}
	text := func(code string) func() string { return func() string { return code } }
	ask := func(r otp.Request) func() error {
		return func() error {
			_, err := service.Send(t.Context(), r)
			return err
		}
	}
	status := func() error {
		_, err := service.Status(t.Context(), otp.Request{To: to})
		return err
	}
	right := func() string { return inbox.Code(t, to) }

	for _, step := range []struct {
		name string
		do   func() error
		err  error
		cost string
	}{
		{"unknown address", verify(text("123456")), otp.ErrNoCode, readOnly},
		{"Send", ask(otp.Request{To: to}), nil, one},
		{"Send that is refused", ask(otp.Request{To: to}), otp.ErrLimited, readOnly},
		{"malformed", verify(text("12345x")), otp.ErrMalformed, none},
		{"empty", verify(text("")), otp.ErrMalformed, none},
		{"wrong", verify(func() string { return wrong(right()) }), otp.ErrMismatch, one},
		{"Status", status, nil, readOnly},
		{"right", verify(right), nil, one},
		{"right again", verify(right), otp.ErrUsed, readOnly},
		{"decoy", ask(otp.Request{To: "eve@example.com", Decoy: true}), nil, one},
		{"Unlock", func() error { return service.Unlock(t.Context(), to) }, nil, three},
	} {
		require.ErrorIs(t, step.do(), step.err, step.name)
		assert.Equal(t, step.cost, client.cost(), step.name)
	}
}

// The fullest record that a Service can make: as many sends, used codes and live codes as it
// remembers.
func TestLargestRecord(t *testing.T) {
	const month = 30 * 24 * time.Hour
	const used, live, sends = 2, 3, 60
	table := newTable(t, "pk")
	service, inbox := otptest.New(t, otp.Config{
		Store: newStore(t, servers.DynamoDB(t), table, nil),
		Policy: otp.Policy{
			SendLimits:  []otp.Limit{{Count: sends, Window: month}},
			MaxAttempts: 10,
		},
	})
	ask := func(binding string) otp.Submission {
		send(t, service, otp.Request{To: to, Binding: binding})
		return otp.Submission{To: to, Binding: binding, Code: inbox.Code(t, to)}
	}

	for i := range used {
		require.NoError(t, service.Verify(t.Context(), ask("used "+strconv.Itoa(i))))
	}
	for i := range sends - used {
		guess := ask("live " + strconv.Itoa(i%live))
		if i < live {
			guess.Code = wrong(guess.Code)
			require.ErrorIs(t, service.Verify(t.Context(), guess), otp.ErrMismatch)
		}
	}

	record := scan(t, table)
	size := len(record["value"].(*types.AttributeValueMemberB).Value)
	assert.Equal(t, 800, size, "the package documentation counts on it")
	assert.LessOrEqual(t, size, maxValue)
	assert.Equal(t, 842, itemSize(record), "the package documentation counts on it")
}

// DynamoDB drops expired items after days, not seconds. The table of this test never does.
func TestExpiredItem(t *testing.T) {
	table := newTable(t, "pk")
	service, inbox := otptest.New(t, otp.Config{
		Store: newStore(t, servers.DynamoDB(t), table, nil),
		Policy: otp.Policy{
			Lifetime:      time.Second,
			FailureWindow: time.Second,
			SendLimits:    []otp.Limit{{Count: 1, Window: time.Second}},
		},
	})
	send(t, service, otp.Request{To: to})
	expired := inbox.Code(t, to)
	require.Eventually(t, func() bool { return secondsLeft(t, table) < 0 },
		30*time.Second, 50*time.Millisecond)

	assert.ErrorIs(t, submit(t, service, to, expired), otp.ErrExpired)
	require.Negative(t, secondsLeft(t, table), "the item is still an expired one")

	send(t, service, otp.Request{To: to})
	assert.NoError(t, submit(t, service, to, inbox.Code(t, to)))
}

// secondsLeft returns the time to live of the only item of the table.
func secondsLeft(t *testing.T, table string) int64 {
	expires := scan(t, table)["expires"].(*types.AttributeValueMemberN).Value
	at, err := strconv.ParseInt(expires, 10, 64)
	require.NoError(t, err)
	return at - time.Now().Unix()
}
