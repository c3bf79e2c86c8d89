// Package otp sends one-time codes to people and accepts each of them at most once.
//
// A [Service] has one purpose, such as signing in or resetting a password. Send records a code and
// has a [Sender] deliver it; Verify accepts it:
//
//	logins, err := otp.New(otp.Config{
//		Purpose: "sign-in",
//		Secret:  secret, // at least 32 random bytes, kept outside the store
//		Store:   store,
//		Sender:  sender,
//	})
//	...
//	status, err := logins.Send(ctx, otp.Request{To: account.Email, Binding: session})
//	...
//	err = logins.Verify(ctx, otp.Submission{To: account.Email, Binding: session, Code: typed})
//
// Verify returns nil at most once for each code.
//
// Stores: sqlstore (PostgreSQL, MySQL, SQLite), redisstore, dynamostore and memstore (one process).
// Senders: sesmail (Amazon SES), smtpmail, awssms. Both are small interfaces, [Store] and [Sender].
// Package otphttp has handlers and pages, otptest helps to test services that use this package, and
// tests stores.
//
// # How it works
//
// The store is a compare-and-swap map of small opaque values, one for each purpose, address and
// [Trust]. Every operation loads the value, applies a rule to it and swaps it, and starts over if
// somebody else was faster. The outcome is told only after the swap that records it has won. So a
// code is accepted once and an attempt is paid for before its comparison is told, however many
// submissions run in parallel and whichever replies of the store are lost.
//
// Codes are never stored. A code is derived by HMAC-SHA-256, under a key that the store does not
// hold, from the purpose, the address, the Binding and a random seed. Hence the same code can be
// sent again to a person whose first mail was late. Addresses are not stored either: a record lies
// under a MAC of purpose, address and Trust, and is authenticated by another.
//
// # Threats
//
// The package holds against an attacker who sends any number of requests in parallel from anywhere,
// for any address, and knows everything but the keys and what the mailbox receives:
//
//   - Guessing: at most Policy.MaxAttempts wrong submissions for each code, Policy.MaxFailures for
//     codes of the usual length, and a number of codes bounded by Policy.SendLimits.
//     [Policy.GuessProbability] bounds what is left.
//   - Replay and races: a code is accepted once. A double click is told apart ([ErrRepeated]).
//   - Reading the store: it holds no code and no address, and nothing to find either from without
//     the keys.
//   - Writing to the store: a changed or moved value is an error. An older value of the same record
//     put back within the lifetime of a code is not noticed, so it can make a used code work again.
//     After a restore from a backup, change Config.Secret.
//   - Mail bombs: Policy.SendLimits hold for an address, whoever asks.
//   - Finding out who has an account: see Request.Decoy and Policy.MinSendTime.
//   - Keeping a person out: codes get longer under attack instead of a lock, and a stranger cannot
//     spend the limits of a person whom the caller knows (see [Trust]). Without Trust, ten requests
//     a day by a stranger keep a person on a new device from getting a code.
//
// The package does not hold against somebody who reads the mail, or has Config.Secret. Clocks of
// all instances must agree to about a second. Codes that people type are not phishing-resistant,
// and a code by email is no authenticator in the sense of NIST SP 800-63B-4 §3.1.3.1.
//
// # What is left to the caller
//
//   - Send to the address stored with the account, not to the one that was typed. Look accounts up
//     by the same form of the address ([Service.Normalize]).
//   - Answer the same for known and unknown accounts, unless everybody is welcome: call Send with
//     Decoy for unknown ones, and treat an error that matches [ErrDelivery] as success. Tell
//     strangers of a refused submission no more than [ErrRejected].
//   - Bound requests per client and per network: the limits here are per address, and guesses can
//     be sprayed over many.
//   - Use a random Binding where there is a session or an app to keep it in. Without one, strangers
//     can use up the attempts of a person's code.
//   - Vouch (Trust) only on evidence, with the same Trust in Verify as in Send. Offer a challenge
//     on [ErrLimited].
//   - Accept codes by POST only: mail scanners follow links.
//   - Check and prepare everything else before Verify, which spends the code: the new password, for
//     example. Check tells whether the code is right, so that nothing is prepared for a wrong one.
//   - Do what [ErrRepeated] allows again, or look whether it was done: the error says that the
//     submission was accepted before, no more.
//   - At the first code of an account that somebody made without proving the address, drop its
//     passwords, sessions and linked logins: they may be a stranger's.
//   - Notify the person after the change, and end their other sessions. Call RevokeAll when the
//     address or the password changes by other means.
//   - Purge SQL tables: nothing else drops what has expired there.
package otp
