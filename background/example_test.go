package background_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// The answer does not wait for the mail.
func Example() {
	mailer := otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		time.Sleep(100 * time.Millisecond) // as a mail server takes
		fmt.Println("delivered to", m.To)
		return nil
	})

	mails, err := background.New(mailer, &background.Options{
		OnError: func(ctx context.Context, f background.Failure) {
			slog.WarnContext(ctx, "no mail", "id", f.MessageID, "error", f.Err, "retry", f.RetryAt)
		},
	})
	if err != nil {
		panic(err)
	}
	logins, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(strings.Repeat("s", 32)), // from the configuration
		Store:   memstore.New(nil),
		Sender:  mails,
		Policy:  otp.Policy{MinSendTime: 10 * time.Millisecond},
	})
	if err != nil {
		panic(err)
	}

	_, err = logins.Send(context.Background(), otp.Request{To: "ada@example.com"})
	fmt.Println("answered:", err)

	err = mails.Shutdown(context.Background())
	fmt.Println("ended:", err)
	// Output:
	// answered: <nil>
	// delivered to ada@example.com
	// ended: <nil>
}

// A notice waits in the same queue as codes, is tried again, and is delivered by Shutdown.
func ExampleSender_SendMail() {
	var (
		ctx     = context.Background()
		ses     *sesmail.Sender
		catalog *otpmail.Catalog
	)
	mails, err := background.New(ses, nil)
	if err != nil {
		panic(err)
	}

	changed := func(to, language string) error {
		notice, err := catalog.Notice(otpmail.Notice{
			Kind: otpmail.PasswordChanged, Time: time.Now(), Language: language,
		})
		if err != nil {
			return err
		}
		return mails.SendMail(ctx, to, notice)
	}
	_ = changed
}

// Told to end, a server answers what it has been asked, and then delivers what is queued. Both must
// fit into the time that the platform leaves between SIGTERM and SIGKILL.
func ExampleSender_Shutdown() {
	var (
		server = &http.Server{}
		mails  *background.Sender
	)
	run := func() error {
		told, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		go server.ListenAndServe()
		<-told.Done()

		ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return err
		}
		return mails.Shutdown(ctx)
	}
	_ = run
}
