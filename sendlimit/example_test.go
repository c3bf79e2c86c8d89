package sendlimit_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/sendlimit"
)

func Example() {
	sent := 0
	sms := otp.SenderFunc(func(context.Context, otp.Message) error {
		sent++
		return nil
	})
	secret := make([]byte, 32) // in production, that of the Service

	sender, err := sendlimit.New(sms, sendlimit.Options{
		Total: []otp.Limit{
			{Count: 100, Window: time.Minute},
			{Count: 2000, Window: 24 * time.Hour},
		},
		PerGroup: []otp.Limit{{Count: 20, Window: time.Hour}},
		Group:    sendlimit.PhonePrefix(6),

		Store:  memstore.New(nil), // in production, that of the Service
		Secret: secret,
		Name:   "sms",
	})
	if err != nil {
		log.Fatal(err)
	}

	for i := range 30 { // numbers of one block
		to := fmt.Sprintf("+49151123456%02d", i)
		err = sender.Send(context.Background(), otp.Message{To: to})
	}
	fmt.Println(sent, "sent, then:", err)
	// Output:
	// 20 sent, then: sendlimit: not sent: too many messages for now
}
