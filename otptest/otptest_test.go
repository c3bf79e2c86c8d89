package otptest_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

const (
	ada = "ada@example.com"
	bob = "bob@example.com"
)

// In FIPS mode the first randomness comes from the jitter of the clock, which stands still in a
// bubble of testing/synctest. Drawing some here, outside of any bubble, seeds the generator.
func init() { rand.Text() }

// These are a TB each.
var _ = []otptest.TB{(*testing.T)(nil), (*testing.B)(nil), (*testing.F)(nil), log.Default()}

// fakeTB is a test that notes its end in place of ending.
type fakeTB struct{ fatal string }

func (f *fakeTB) Fatalf(format string, args ...any) { f.fatal = fmt.Sprintf(format, args...) }

// send sends a code.
func send(t *testing.T, service *otp.Service, to string) {
	t.Helper()

	_, err := service.Send(t.Context(), otp.Request{To: to})
	require.NoError(t, err)
}

func TestNewFillsWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		service, inbox := otptest.New(t, otp.Config{})
		other, _ := otptest.New(t, otp.Config{})

		send(t, service, ada)
		submission := otp.Submission{To: ada, Code: inbox.Code(t, ada)}
		require.NoError(t, service.Verify(t.Context(), submission))

		assert.Zero(t, time.Since(start), "time that has passed")
		assert.Equal(t, "test", inbox.Messages()[0].Purpose)
		assert.NotEqual(t, other.Pseudonym(ada), service.Pseudonym(ada), "Secret of two services")
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
		require.NoError(t, err)
		service, inbox := otptest.New(t, config)
		assert.Equal(t, plain.Pseudonym(ada), service.Pseudonym(ada), "Purpose and Secret")

		start := time.Now()
		_, err = service.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrUndeliverable, "the error of the given Sender")
		assert.Equal(t, time.Second, time.Since(start), "MinSendTime")

		assert.Equal(t, 1, store.Len(), "values in the given Store")
		require.Len(t, passedOn, 1)
		assert.Equal(t, inbox.Code(t, ada), passedOn[0].Code.Reveal())
	})
}

func TestNewRefusesABadConfig(t *testing.T) {
	var tb fakeTB
	service, _ := otptest.New(&tb, otp.Config{Secret: []byte("short")})

	require.Nil(t, service)
	require.Contains(t, tb.fatal, "Config.Secret")
}

// In a bubble, time passes as soon as everybody waits.
func TestCodesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resets, inbox := otptest.New(t, otp.Config{Purpose: "password-reset"})
		send(t, resets, ada)
		submission := otp.Submission{To: ada, Code: inbox.Code(t, ada)}

		time.Sleep(10 * time.Minute)

		require.ErrorIs(t, resets.Verify(t.Context(), submission), otp.ErrExpired)
	})
}
