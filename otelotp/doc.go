// Package otelotp tells OpenTelemetry what a service for one-time codes does: metrics and spans for
// each operation, and spans for each call of its store and its sender.
//
//	observe, err := otelotp.Observe(nil)                // the global providers
//	tracedStore, err := otelotp.NewStore(store, nil)    // optional: a span for each read and swap
//	tracedSender, err := otelotp.NewSender(sender, nil) // optional: a span for each delivery
//	err = otelotp.ObserveBackground(nil, queue)         // with package background
//
//	codes, err := otp.New(otp.Config{
//		Observe: observe,
//		Store:   tracedStore,
//		Sender:  tracedSender,
//		// and the other fields
//	})
//
// # Metrics
//
// otp.operation.duration is a histogram in seconds. Its count is the number of operations. The time
// that Send waits for Policy.MinSendTime is not in it. The attributes:
//
//	otp.purpose    Config.Purpose
//	otp.operation  send, verify, check, status, revoke, revoke-all, unlock, spend, check-spend,
//	               proof
//	otp.result     ok, or the reason: see below
//	otp.trust      Stranger, Challenged, Known
//	otp.decoy      whether the request was for an account that does not exist
//	otp.resent     whether Send delivered a code that was live already
//	otp.proof.step where the verification of a proof has failed: the Step of an evp.Error
//	error.type     the result again, where it is a failure of the service and not of the person
//
// The results of send: ok, limited, locked, invalid, undeliverable, not_sent, delivery_unknown,
// error. Of verify and check: ok, repeated, mismatch, expired, used, exhausted, no_code, malformed,
// invalid, error. Of spend and check-spend: ok, repeated, used, invalid, error. Of proof: ok,
// mismatch (that of another address), invalid, unavailable. Of the others: ok, invalid, error. The
// one to be woken up for is error: the store failed, or a key is missing.
//
// A caller that checks a code before it verifies it, as package otphttp does, has the wrong ones
// counted as results of check, and the right ones as ok of both.
//
// Behind package background, send is ok once the message is in the queue. ObserveBackground tells
// what becomes of it: otp.background.tries counts deliveries by otp.purpose ("notice" for notices)
// and otp.result (ok, undeliverable, not_sent, delivery_unknown), and otp.background.held is how
// many messages wait or are being delivered.
//
// In Prometheus they are otp_operation_duration_seconds, otp_background_tries_total and
// otp_background_held. A Grafana dashboard (dashboard.json) and alert rules (alerts.yml) lie beside
// this package.
//
// # Spans
//
// Observe makes a span for each operation when it has ended, with its time: otp.send, otp.verify
// and so on. Those of NewStore and NewSender (otp.store.load, otp.store.compare_and_swap,
// otp.sender.send, otp.sender.send_mail) stand beside it, as children of the caller's span. Spans
// also have what is unique: otp.message.id, and otp.pseudonym, which is the same for the same
// address ([otp.Service.Pseudonym]).
//
// # What it does not tell
//
// No attribute holds an address, a code, a key of the store or the text of an error.
package otelotp
