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
// Safari and Chrome read the last line "@acme.example #492013" ([Options].Domain) and offer the
// code on that site; Chrome does so for pages that call the WebOTP API. Android hands the message
// to the app whose hash is the last line (Options.AppHash), or, once the person agrees, finds a
// code of 4 to 10 characters with a digit: that is why codes of [otp.Letters] are refused. Android
// 15 hides codes of up to 8 characters from apps that read notifications. So Policy.MaxLength
// should be 8: when somebody guesses, the engine lengthens codes up to it. docs/sms.md has the
// sources.
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
