package otptest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

const ada = "ada@example.com"

// fakeTB is a test that notes its end in place of ending.
type fakeTB struct {
	testing.TB
	fatal string
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Fatalf(format string, args ...any) { f.fatal = fmt.Sprintf(format, args...) }

func TestNewFillsWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		service, inbox := otptest.New(t, otp.Config{})
		if _, err := service.Send(t.Context(), otp.Request{To: ada}); err != nil {
			t.Fatal(err)
		}
		if err := service.Verify(t.Context(), otp.Submission{To: ada, Code: inbox.Code(t, ada)}); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v, want no waiting", took)
		}
		if got := inbox.Messages()[0].Purpose; got != "test" {
			t.Errorf("Purpose: got %q, want %q", got, "test")
		}
		if other, _ := otptest.New(t, otp.Config{}); other.Subject(ada) == service.Subject(ada) {
			t.Error("two services have the same Secret")
		}
	})
}

func TestNewKeepsWhatIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passedOn []otp.Message
		store := memstore.New(nil)
		config := otp.Config{
			Purpose: "sign-in",
			Secret:  []byte(strings.Repeat("s", 32)),
			Store:   store,
			Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
				passedOn = append(passedOn, m)
				return otp.ErrUndeliverable
			}),
			Policy: otp.Policy{MinSendTime: time.Second},
		}
		plain, err := otp.New(config)
		if err != nil {
			t.Fatal(err)
		}
		service, inbox := otptest.New(t, config)
		if service.Subject(ada) != plain.Subject(ada) {
			t.Error("Purpose or Secret is another")
		}
		start := time.Now()
		if _, err := service.Send(t.Context(), otp.Request{To: ada}); !errors.Is(err, otp.ErrUndeliverable) {
			t.Error("the error of the given Sender is lost")
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("Send took %v, want the given MinSendTime of %v", took, time.Second)
		}
		if store.Len() != 1 {
			t.Error("the given Store is not used")
		}
		if len(passedOn) != 1 || passedOn[0].Code.Reveal() != inbox.Code(t, ada) {
			t.Errorf("the given Sender got %d messages, want the one that is in the inbox", len(passedOn))
		}
	})
}

func TestNewRefusesABadConfig(t *testing.T) {
	tb := new(fakeTB)
	service, _ := otptest.New(tb, otp.Config{Secret: []byte("short")})
	if service != nil || !strings.Contains(tb.fatal, "Config.Secret") {
		t.Errorf("got %v and %q, want no service and an end of the test that names Config.Secret", service, tb.fatal)
	}
}
