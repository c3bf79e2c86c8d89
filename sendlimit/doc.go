// Package sendlimit bounds how many messages leave in all, whoever asks for them and wherever they
// go. The limits of an [otp.Service] are per address. They do not stop somebody who has codes sent
// to ten thousand telephone numbers of a network that shares its fees with him (SMS pumping, also
// called artificially inflated traffic).
//
//	sender, err := sendlimit.New(sms, sendlimit.Options{
//		Total:    []otp.Limit{{Count: 2000, Window: 24 * time.Hour}},
//		Group:    sendlimit.PhonePrefix(6),
//		PerGroup: []otp.Limit{{Count: 20, Window: time.Hour}},
//
//		Store:  store, // of the Service, or another one
//		Secret: secret,
//		Name:   "sms",
//	})
//
// A Sender passes messages on to another one as long as the limits allow it. A message too many is
// refused with [ErrExceeded], which matches [otp.ErrNotSent]. Choose the total as what a bad day
// may cost, and have an alarm on ErrExceeded: real people get no code while a limit is used up.
//
// # Over all instances
//
// With [Options].Store the limits hold over all processes and functions that have the same Store,
// Secret and Name. Each takes a part of what is left of a limit (a lease) by one swap, and spends
// it without asking: one message at first, then four times as many as it has sent from the lease
// before, and at most a 16th of what is left or a thousandth of the limit. So a limit that is much
// in use costs a swap for many messages, and one that is used up costs none. The first message of
// an instance to a group costs a load and a swap for each limit of PerGroup.
//
//   - A limit never allows more than Count messages in any period of length Window, if the clocks
//     of the instances differ by no more than a 16th of it.
//   - A message counts for the Window and up to an eighth of it more. A lease ends with its 16th
//     of the Window. What is unspent then goes back with the next one, so that at most a lease of
//     each instance stays unused.
//   - Where the Store fails, messages are refused (ErrNotSent) and logged. An answer that is lost
//     costs at most a lease.
//
// Nothing of a number, domain or group stands in the Store: its keys are MACs, its values counts.
//
// Without a Store, the counts are in the memory of one process. n instances send up to n times as
// much, and a restart or a cold start of a function forgets. A message counts for exactly the
// Window.
//
// # What it does not do
//
// A refusal comes after the code has been recorded: it counts towards the limits of the address. To
// refuse countries before, see otpsms.Allow. The budget of clients and networks is the caller's, in
// front of the Service. Set a spending limit at the provider as well: money depends on that one.
package sendlimit
