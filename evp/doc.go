// Package evp verifies proofs of the Email Verification Protocol: a browser that supports it hands
// a site a token, signed by the provider of a mail address and bound to the site and to one visit,
// when a person fills in the address. Where the proof holds, no mail needs to be sent.
//
//	verifier, err := evp.New(evp.Config{Origins: []string{"https://example.com"}})
//	…
//	proof, err := verifier.Verify(ctx, r.PostFormValue("email_verification_token"), isMyNonce)
//	if err == nil && proof.Is(account.Email) && spendOnce(proof.Nonce) {
//		// The person controls the mail address of the account.
//	}
//	// Otherwise, whatever the error: send a code.
//
// The protocol is a draft (draft-hardt-email-verification, with the Email Verification API of the
// WICG) and on trial in Chromium. Where the drafts and Chromium 156 differ, the browser decides,
// and both are accepted where that is safe.
//
// # What the caller does
//
//   - It makes a nonce for each visit, binds it to the browser, and knows it again.
//   - It compares with the stored address of the account, by [Proof.Is], and never with what was
//     typed: a database that folds letters of all scripts would take a look-alike for the account.
//   - It accepts a nonce once. [Verifier.Verify] spends nothing: the same token holds again until
//     its time is over.
//   - It bounds requests per client before it calls Verify, which asks hosts that the token names.
//
// # What a proof does not say
//
// A proof says that the issuer of the domain vouches for the address now. It does not say that a
// person is there, nor that mail arrives: who owns a domain makes proofs for any number of
// addresses in it without a browser.
//
// # Which requests are made
//
// For each token whose form, times, origin, nonce and key binding hold, one DNS query. For each
// issuer, two HTTPS requests, whose outcome is kept for five minutes, or for thirty seconds if it
// is a failure. The default client connects to public addresses only, on port 443, without a proxy.
package evp
