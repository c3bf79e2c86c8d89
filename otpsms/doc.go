// Package otpsms helps to send one-time codes by text message (SMS): it brings telephone numbers
// into one form, and writes the message.
//
//	codes, err := otp.New(otp.Config{
//		Purpose:   "sign-in",
//		Kind:      otp.SignIn,
//		Normalize: otpsms.Normalize, // all spellings of a number are one address
//		Sender:    sender,           // package awssms, or thirty lines for your provider
//		Policy: otp.Policy{
//			Lifetime:   5 * time.Minute,
//			MaxLength:  8, // what Android finds, and hides from other apps
//			SendLimits: []otp.Limit{{Count: 1, Window: time.Minute}, {Count: 3, Window: time.Hour},
//				{Count: 5, Window: 24 * time.Hour}},
//		},
//		…
//	})
//
//	text, err := otpsms.Text(message, otpsms.Options{Product: "Acme", Domain: "acme.example"})
//	// 492013 is your code to sign in to Acme. Do not share it with anyone.
//	// @acme.example #492013
//
// [Normalize] is for otp.Config.Normalize. Without it, six spellings of a number have six budgets.
// [Allow] is the same for the countries that messages go to.
//
// [Text] writes one message in thirteen languages (Arabic, simplified and traditional Chinese,
// Dutch, English, French, German, Hebrew, Italian, Japanese, Polish, Portuguese, Spanish). It says
// what the code is for, ends with the line by which telephones fill in the code, and takes one
// segment, never two.
//
// # What telephones find
//
// What is said here was read or tried on 29 November 2026.
//
//   - Safari on iOS and macOS reads the last line "@acme.example #492013" ([Options].Domain),
//     whatever the length of the code, and offers the code in an input with
//     autocomplete="one-time-code", on that site only (WICG, Origin-bound one-time codes delivered
//     via SMS, at 2bb70db).
//   - Chrome hands the code of the last line to a page that calls the WebOTP API,
//     navigator.credentials.get({otp: {transport: ["sms"]}}), and only if the origin is exactly
//     https:// and the Domain (Chromium at 1a4f344, content/browser/sms/README.md and
//     sms_queue.cc). The attribute of the input alone does nothing there.
//   - Android's SMS Retriever hands the message to the app that the hash in the last line names:
//     [Options].AppHash.
//   - Android's SMS User Consent wants no line, but a code of "4-10 characters" with "at least one
//     number" (developers.google.com, Choose an API). That is why codes of [otp.Letters], which
//     have no digit, are refused.
//   - Android hides codes from apps that read notifications, since version 15, if it takes them for
//     codes: 4 digits, or 5 to 8 letters and digits with a digit among them, behind white space or
//     the like (AOSP, ExtServices, NotificationOtpDetectionHelper). Text writes codes of up to 8
//     digits so; only a payment that leaves no room for it has its code in the last line alone.
//     What the words around it must be is known for English alone.
//
// So Policy.MaxLength should be 8: when somebody guesses, the engine lengthens codes up to it.
//
// # What it does not do
//
// The package sends nothing: see package awssms, and the recipes for Twilio, Vonage, any other HTTP
// gateway, providers that make the code themselves, and WhatsApp among the examples. It knows no
// national numbers: ask for the country, or use a library that does. Own texts need no support from
// here: a Sender can write what it likes.
//
// The public switched telephone network is a restricted authenticator (NIST SP 800-63B-4 §3.1.3.3,
// §3.2.9): numbers are ported and SIM cards swapped by fraud. Offer a channel without that
// weakness, too, and see docs/sms.md for pumping, sender ids and registration.
package otpsms
