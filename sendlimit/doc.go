// Package sendlimit bounds how many messages leave in all, whoever asks for them and wherever they
// go. The limits of an [otp.Service] are per address. They do not stop somebody who has codes sent
// to ten thousand telephone numbers of a network that shares its fees with him (SMS pumping, also
// called artificially inflated traffic).
//
//	sender, err := sendlimit.New(sms, &sendlimit.Options{
//		Total:    []otp.Limit{{Count: 2000, Window: 24 * time.Hour}},
//		Group:    sendlimit.Digits(6),
//		PerGroup: []otp.Limit{{Count: 20, Window: time.Hour}},
//	})
//
// A Sender passes messages on to another one as long as the limits allow it. A message too many is
// refused with [ErrExceeded], which matches [otp.ErrNotSent]. Choose the total as what a bad day
// may cost, and have an alarm on ErrExceeded: real people get no code while a limit is used up.
//
// # What it does not do
//
// The counts are in the memory of one process. n instances send up to n times as much, and a
// restart or a cold start of a function forgets. Where that is too much, set a spending limit at
// the provider as well. It holds for all instances, and it is the one that money depends on.
//
// A refusal comes after the code has been recorded: it counts towards the limits of the address.
// The budget of clients and networks is the caller's, in front of the Service.
package sendlimit
