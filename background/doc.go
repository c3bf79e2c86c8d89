// Package background lets a server answer before the mail has left. Its [Sender] puts each message
// into a queue, returns at once, and has another [otp.Sender] deliver it.
//
//	mails, err := background.New(smtp, nil)
//	logins, err := otp.New(otp.Config{
//		Sender: mails,
//		Policy: otp.Policy{MinSendTime: 10 * time.Millisecond},
//		// and the other fields
//	})
//
//	// When the process is told to end, after the HTTP server has answered its last request:
//	err = mails.Shutdown(ctx)
//
// # What it is for
//
// Known and unknown addresses take the same time, since nobody waits for a delivery, and no
// delivery error shows: so Policy.MinSendTime can be a few milliseconds, in place of more than the
// slowest delivery takes. Only the Send for a known address puts a message into the queue. That
// costs microseconds, which MinSendTime hides.
//
// Notices go the same way, by [Sender.SendMail].
//
// Deliveries that have certainly failed (otp.ErrNotSent, but not otp.ErrUndeliverable) are tried
// again: after 1, 2, 4 and 8 seconds, and then every 10 seconds, as long as the code lives. Notices
// are tried for an hour, at last every minute. Where the outcome is open, there is no second try,
// since it could be a second mail.
//
// # What to configure
//
// Nobody who calls Send learns that a mail has failed, and metrics of sends do not show it. The log
// does: by default, slog.Default has the first failure of an outage, its end, and each message that
// is given up. Package otelotp makes metrics of [Sender.Len] and [Sender.Tries], and has an alarm.
//
// [Options].Workers is at least the mails per second times the seconds that a delivery takes. A
// message takes about a kilobyte, its context and Request.Data not counted.
//
// # What it does not do
//
// The queue is in memory. [Sender.Shutdown] empties it; a process that is killed, or loses its
// machine, loses it. The person then asks for another code, as for a mail that was lost anywhere
// else.
//
// Do not use it in functions (AWS Lambda, Google Cloud Functions, Cloud Run without CPU between
// requests): once a function has answered, it is frozen, with the queue in it. It may go on
// minutes later, when the code has expired, or never. Functions deliver before they answer, and
// set MinSendTime above what a delivery takes.
package background
