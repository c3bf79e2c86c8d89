package evptest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// SignIn signs a person in at the issuer under an address, for a real browser. The Browser of this
// package asks nobody.
//
// Chromium 156 uses the issuer if that is served over TLS, under every host name but that of the
// site, and Chromium is started with
//
//	--enable-features=EmailVerificationProtocol
//	--auto-grant-email-verification-permission-for-testing
//	--host-resolver-rules=MAP * 127.0.0.1:PORT
//	--ignore-certificate-errors-spki-list=BASE64 # SHA-256 of the public key of the server
func (i *Issuer) SignIn(email string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.accounts = append(i.accounts, email)
}

// handleBrowsers serves what browsers ask for: DNS over HTTPS, the documents of FedCM, and tokens.
func (i *Issuer) handleBrowsers() {
	i.Handle("/resolve", i.resolve)
	i.Handle("/.well-known/web-identity", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{
			"accounts_endpoint": "https://" + Host + "/accounts",
			"login_url":         "https://" + Host + "/login",
		})
	})
	i.Handle("/accounts", i.listAccounts)
	i.Handle("/issue", i.issue)
}

// resolve answers as dns.google does.
func (i *Issuer) resolve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	records, err := i.LookupTXT(r.Context(), name)
	if err != nil {
		writeJSON(w, map[string]any{"Status": 3})
		return
	}

	answers := []any{}
	for _, record := range records {
		answers = append(answers, map[string]any{"name": name, "type": 16, "data": record})
	}
	writeJSON(w, map[string]any{"Status": 0, "Answer": answers})
}

func (i *Issuer) listAccounts(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()

	accounts := []any{}
	for _, email := range i.accounts {
		accounts = append(accounts, map[string]any{"id": email, "name": email, "email": email})
	}
	writeJSON(w, map[string]any{"accounts": accounts})
}

// issue answers a request for a token. It believes the key that the request names, and checks no
// signature: the browser is the one of the test.
func (i *Issuer) issue(w http.ResponseWriter, r *http.Request) {
	var request struct{ Email string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !i.signedIn(request.Email) {
		http.Error(w, "not signed in", http.StatusUnauthorized)
		return
	}
	statement := i.statement(request.Email, signatureKey(r.Header.Get("Signature-Key")))
	writeJSON(w, map[string]any{"issuance_token": statement.sign() + "~"})
}

func (i *Issuer) signedIn(email string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Contains(i.accounts, email)
}

// signatureKey reads a header as sig=hwk;kty="OKP";crv="Ed25519";x="…".
func signatureKey(header string) map[string]any {
	jwk := map[string]any{}
	_, parameters, _ := strings.Cut(header, ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		jwk[name] = strings.Trim(value, `"`)
	}
	return jwk
}

// statement returns the half of a token that the issuer signs, for the holder of a key.
func (i *Issuer) statement(email string, holder map[string]any) *Half {
	key := i.signingKey()
	return &Half{
		Header: map[string]any{"alg": algorithm(key.Signer), "kid": key.ID, "typ": "evt+jwt"},
		Claims: map[string]any{
			"iss":            "https://" + Host,
			"iat":            time.Now().Unix(),
			"cnf":            map[string]any{"jwk": holder},
			"email":          email,
			"email_verified": true,
		},
		Key: key.Signer,
	}
}
