// Package awssms sends one-time codes as text messages by AWS End User Messaging SMS (the API
// "Pinpoint SMS and Voice, version 2").
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	client := pinpointsmsvoicev2.NewFromConfig(cfg)
//
//	// Without a number or sender id of your own: AWS has the numbers, the texts and the filters.
//	notify, err := awssms.NewNotify(client, "nc-1234567890abcdef0", nil)
//
//	// Or with one, and with the texts of package otpsms.
//	sender, err := awssms.New(client, "Acme", otpsms.Options{
//		Product: "Acme", Domain: "acme.example",
//	}, nil)
//
//	codes, err := otp.New(otp.Config{
//		Normalize: otpsms.Normalize,
//		Sender:    sender, // or notify
//		// and the other fields
//	})
//
// [NotifySender] calls SendNotifyTextMessage. There is nothing to register: AWS brings the numbers
// of each country, approved templates in several languages, and a filter against pumping. [Sender]
// calls SendTextMessage with a phone number, sender id or pool of the account. The text is that of
// package otpsms, which says what the code is for.
//
// Both make one try, tell AWS to give the message up when the code expires, and sort every failure:
// see [Sender.Send]. Set Config.Normalize to otpsms.Normalize, so that all spellings of a number
// share limits; the Senders send to nothing that it refuses.
//
// # What to configure
//
// Permissions: sms-voice:SendTextMessage or sms-voice:SendNotifyTextMessage, on the origination
// identity or notify configuration. A spending limit for the account, a protect configuration that
// blocks the countries without customers, and an event destination in the configuration set:
// delivery fails after Send has returned, too.
//
// # What it does not do
//
// It does not wait for delivery receipts, does not call PutMessageFeedback, and does not bound how
// much is sent in all: see package sendlimit for that, and docs/sms.md for the rest.
package awssms
