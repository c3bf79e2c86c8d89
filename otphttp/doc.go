// Package otphttp puts an [otp.Service] behind HTTP: one [Flow] for signing in, for confirming or
// changing an address, for resetting a password, and for confirming a transaction.
//
//	flow, err := otphttp.New(otphttp.Config{
//		Codes:   logins,           // an *otp.Service
//		Keys:    otp.Keys{secret}, // seal the sessions
//		Devices: true,             // known devices have limits of their own
//		Find: func(r *http.Request, typed string) (otphttp.Recipient, error) {
//			to, known, err := accounts.Find(r.Context(), typed)
//			return otphttp.Recipient{To: to, Known: known}, err
//		},
//		Accept: func(r *http.Request, c otphttp.Claim) (otphttp.Done, error) {
//			return func(ctx context.Context, w http.ResponseWriter) error {
//				return sessions.Begin(ctx, w, c.To)
//			}, nil
//		},
//	})
//
//	mux.HandleFunc("/api/codes", flow.ServeSend)     // POST {"email": "…"}
//	mux.HandleFunc("/api/sign-in", flow.ServeVerify) // POST {"code": "…"}
//	mux.HandleFunc("/api/status", flow.ServeStatus)  // GET
//
// Package otphttp/pages adds the pages for people, in thirteen languages.
//
// # What it does
//
//   - It answers known and unknown addresses alike: status, headers, body and time. A failed
//     delivery is answered like one that succeeded, unless [Config.Anyone] is set, and leaves a
//     line in [Config.Log]. For the time, also see otp.Policy.MinSendTime.
//   - It says that something is done only if [Done] returned nil for this submission. A double
//     click, or a retry after a lost answer (Idempotency-Key), does it again, unless [Config.Once]
//     is set.
//   - It lets no code that a person holds go to waste: asking again sends the same one, and it
//     works after an answer, a cookie or a challenge got lost on the way.
//   - It binds codes to the browser by the cookie "__Host-otp", and carries what Find has said from
//     Send to Verify in a sealed cookie. Apps without cookies carry the member "session" instead.
//   - It takes POST only, forms and JSON of at most 16 KiB, refuses what other sites make a browser
//     send (http.CrossOriginProtection), and answers refusals with problem documents (RFC 9457).
//
// Handlers of your own can use its parts: [Flow.Send], [Flow.Verify] and [Flow.Status] do the work
// and leave the answer to you; [Binding], [ProblemOf] and [WriteProblem] serve without a Flow.
//
// # What it does not
//
// It has no accounts and signs nobody in: Config.Find and Done do. At the first code of an account
// that somebody has made who had not proved the address, Done drops its passwords, sessions and
// linked logins. It does not bound requests by client unless Config.Allow does. The server's
// time-outs are the caller's: set http.Server's ReadHeaderTimeout and ReadTimeout. Answers to the
// API are in English.
//
// Cookies need HTTPS, or Config.Insecure in development. Without a device cookie and without a
// challenge, a person on a new device is shut out for as long as a stranger spends the sends of the
// address, ten a day by default.
package otphttp
