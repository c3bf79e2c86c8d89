// Package evptest is a mail provider and a browser of the Email Verification Protocol, for tests of
// services that accept its proofs by package evp.
//
// The [Issuer] answers DNS queries and serves its documents, without a network, so that tests work
// in a bubble of testing/synctest. The [Browser] makes the tokens that Chromium 156 makes. Both can
// be made to fail.
package evptest
