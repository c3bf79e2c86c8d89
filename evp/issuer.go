package evp

import (
	"context"
	"net/http"
	"strings"
)

// delegate returns the issuer that a domain names: its one TXT record is "iss=" and a host name,
// as Chromium reads it. Parent domains are not asked.
func (v *Verifier) delegate(ctx context.Context, domain string) (host string, err error) {
	if err := v.queries.take(ctx); err != nil {
		return "", unavailable(StepDNS, "too many queries at a time", err)
	}
	defer v.queries.give()

	records, err := v.lookup(ctx, prefix+domain+".") // the dot: no search list
	if err != nil {
		return "", failed(StepDNS, err)
	}
	if len(records) != 1 {
		return "", invalid(StepDNS, "not exactly one record")
	}

	host, found := strings.CutPrefix(records[0], "iss=")
	if !found || !isHost(host) {
		return "", invalid(StepDNS, "the record is not iss= and a host name")
	}
	return host, nil
}

// fetchKeys gets the keys of an issuer by way of its metadata. They may lie on another host: those
// of Google do.
func fetchKeys(ctx context.Context, client *http.Client, host string) ([]publicKey, error) {
	metadata, err := fetch(ctx, client, StepMetadata,
		"https://"+host+"/.well-known/email-verification", "application/json")
	if err != nil {
		return nil, err
	}
	address := metadata.text("jwks_uri")
	if !isDocumentURL(address) {
		return nil, invalid(StepMetadata, "jwks_uri is not https, a host name and a path")
	}

	set, err := fetch(ctx, client, StepKeys, address,
		"application/json", "application/jwk-set+json")
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(set)
	if err != nil {
		return nil, invalid(StepKeys, "none that can be used")
	}
	return keys, nil
}

// slots bound how much goes on at a time.
type slots chan struct{}

// take waits for a slot until the context ends.
func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slots) give() {
	<-s
}
