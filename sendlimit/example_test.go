package sendlimit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/sendlimit"
)

func Example() {
	sms := otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		fmt.Println("sent to", m.To)
		return nil
	})

	secret := make([]byte, 32) // in production, that of the Service

	sender, err := sendlimit.New(sms, sendlimit.Options{
		Total: []otp.Limit{
			{Count: 100, Window: time.Minute},
			{Count: 2000, Window: 24 * time.Hour},
		},
		PerGroup: []otp.Limit{{Count: 2, Window: time.Hour}},
		Group:    sendlimit.PhonePrefix(6),

		Store:  memstore.New(nil), // in production, that of the Service
		Secret: secret,
		Name:   "sms",
	})
	if err != nil {
		log.Fatal(err)
	}

	for _, to := range []string{"+4915112345671", "+4915112345672", "+4915112345673",
		"+12125550100"} {
		err := sender.Send(context.Background(), otp.Message{To: to})
		if errors.Is(err, sendlimit.ErrExceeded) {
			fmt.Println(err)
		}
	}
	// Output:
	// sent to +4915112345671
	// sent to +4915112345672
	// sendlimit: not sent: too many messages for now
	// sent to +12125550100
}
