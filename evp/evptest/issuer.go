package evptest

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Host is the host name of an [Issuer].
const Host = "accounts.issuer.example"

// The documents of an [Issuer], for [Issuer.Handle].
const (
	MetadataPath = "/.well-known/email-verification"
	KeysPath     = "/keys"
)

// A Key is one that an [Issuer] signs with: Ed25519, ECDSA on P-256 or RSA.
type Key struct {
	ID     string // the kid of the key; none if ""
	Signer crypto.Signer
}

// An Issuer is a mail provider: it names itself in DNS for its domains, publishes its keys, and has
// tokens signed by the first of them. As an http.Handler it serves its documents. It is safe for
// concurrent use.
type Issuer struct {
	mu       sync.Mutex
	keys     []Key
	records  map[string][]string         // by name
	handlers map[string]http.HandlerFunc // by path
	accounts []string
	requests int
}

// NewIssuer returns an issuer for mail domains, with one Ed25519 key.
func NewIssuer(domains ...string) *Issuer {
	i := &Issuer{records: map[string][]string{}, handlers: map[string]http.HandlerFunc{}}
	i.Rotate()
	for _, domain := range domains {
		i.SetRecords(domain, "iss="+Host)
	}

	i.Handle(MetadataPath, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{
			"issuance_endpoint": "https://" + Host + "/issue",
			"jwks_uri":          "https://" + Host + KeysPath,
		})
	})
	i.Handle(KeysPath, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, i.keySet()) })
	i.handleBrowsers()
	return i
}

// LookupTXT answers a DNS query, for evp.Config.Lookup.
func (i *Issuer) LookupTXT(_ context.Context, name string) ([]string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()

	records, ok := i.records[strings.TrimSuffix(name, ".")]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return records, nil
}

// SetRecords sets the TXT records of a mail domain: "iss=" and a host name, if it takes part.
func (i *Issuer) SetRecords(domain string, records ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.records["_email-verification."+domain] = records
}

// SetKeys replaces the keys. The first one signs.
func (i *Issuer) SetKeys(keys ...Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

// Rotate replaces the keys by a new one without an identifier, as those of Google.
func (i *Issuer) Rotate() {
	_, private, err := ed25519.GenerateKey(nil)
	must(err)
	i.SetKeys(Key{Signer: private})
}

// Handle replaces what is served under a path, on all hosts. For an issuer that is down, answer
// with http.Error; for one that is slow, wait for the end of the request's context.
func (i *Issuer) Handle(path string, handler http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.handlers[path] = handler
}

// Requests returns how many requests were made so far.
func (i *Issuer) Requests() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests
}

// ServeHTTP serves the documents, whatever the host.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.requests++
	handler, ok := i.handlers[r.URL.Path]
	i.mu.Unlock()

	if !ok {
		http.NotFound(w, r)
		return
	}
	handler(w, r)
}

// Client returns a client for evp.Config.Client that reaches the issuer under every host name,
// without a network.
func (i *Issuer) Client() *http.Client {
	return &http.Client{Transport: transport{i}}
}

// A transport has a handler answer requests.
type transport struct{ http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		recorder := httptest.NewRecorder()
		t.ServeHTTP(recorder, r)
		answered <- recorder.Result()
	}()

	select {
	case response := <-answered:
		response.Request = r
		return response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (i *Issuer) signingKey() Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[0]
}

func (i *Issuer) keySet() map[string]any {
	i.mu.Lock()
	defer i.mu.Unlock()

	keys := []map[string]any{}
	for _, key := range i.keys {
		jwk := JWK(key.Signer.Public())
		if key.ID != "" {
			jwk["kid"] = key.ID
		}
		keys = append(keys, jwk)
	}
	return map[string]any{"keys": keys}
}

func writeJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	must(json.NewEncoder(w).Encode(document))
}

// must panics with an error of the machine.
func must(err error) {
	if err != nil {
		panic("evptest: " + err.Error())
	}
}
