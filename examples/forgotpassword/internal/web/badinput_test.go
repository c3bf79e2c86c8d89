package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// badAddresses are no single bare address.
var badAddresses = []string{
	"", " ", "ada", "@example.com", "ada@", "ada@localhost", "ada@@example.com", "ada@exam ple.com", " ada@example.com",
	"ada@example.com ", "ada@example.com,eve@example.com", "ada@example.com;eve@example.com", "ada@example.com eve@example.com",
	"Ada <ada@example.com>", "<ada@example.com>", "Group: ada@example.com;", "ada@example.com (Ada)", `"ada"@example.com`,
	`"a@b"@example.com`, "ada@[192.0.2.1]", "ada@example.com\r\nBcc: eve@example.com", "ada@example.com\n", "ada\x00@example.com",
	"ada@example.com\u2028", "ad\u0430@example.com", "\u212ada@example.com", "ada@ex\u00e4mple.com", "ada\u200b@example.com",
	"ada%0d%0a@example.com\r\n", strings.Repeat("a", 250) + "@example.com", "ada@example.com\t", "ada.@example.com", ".ada@example.com",
}

func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

func TestBadInput(t *testing.T) {
	type try struct {
		name, method, path, contentType, body string
		status                                int
	}
	big := `{"email": "` + strings.Repeat("a", 1<<20) + `"}`
	const ct = "application/json"
	tries := []try{
		{"no JSON", "POST", "/generate-otp", ct, "email=ada@example.com", 400},
		{"nothing", "POST", "/generate-otp", ct, "", 400},
		{"half", "POST", "/generate-otp", ct, `{"email": "ada@example.com"`, 400},
		{"two objects", "POST", "/generate-otp", ct, `{"email": "ada@example.com"}{"email": "eve@example.com"}`, 400},
		{"array", "POST", "/generate-otp", ct, `[{"email": "ada@example.com"}]`, 400},
		{"null", "POST", "/generate-otp", ct, `null`, 400},
		{"string", "POST", "/generate-otp", ct, `"ada@example.com"`, 400},
		{"missing", "POST", "/generate-otp", ct, `{}`, 400},
		{"number", "POST", "/generate-otp", ct, `{"email": 1}`, 400},
		{"null address", "POST", "/generate-otp", ct, `{"email": null}`, 400},
		{"two addresses", "POST", "/generate-otp", ct, `{"email": ["ada@example.com", "eve@example.com"]}`, 400},
		{"one address in an array", "POST", "/generate-otp", ct, `{"email": ["ada@example.com"]}`, 400},
		{"address twice", "POST", "/generate-otp", ct, `{"email": "ada@example.com", "email": "eve@example.com"}`, 400},
		{"other case", "POST", "/generate-otp", ct, `{"Email": "ada@example.com"}`, 400},
		{"unknown member", "POST", "/generate-otp", ct, `{"email": "ada@example.com", "cc": "eve@example.com"}`, 400},
		{"deep", "POST", "/generate-otp", ct, strings.Repeat("[", 2000), 400},
		{"deep inside", "POST", "/generate-otp", ct, `{"email":` + strings.Repeat("[", 2000), 400},
		{"not UTF-8", "POST", "/generate-otp", ct, "{\"email\": \"ada\xff@example.com\"}", 400},
		{"1 MB", "POST", "/generate-otp", ct, big, 413},
		{"1 MB for reset", "POST", "/reset", ct, big, 413},
		{"1 MB for login", "POST", "/login", ct, big, 413},
		{"form", "POST", "/generate-otp", "application/x-www-form-urlencoded", "email=ada%40example.com", 415},
		{"text", "POST", "/generate-otp", "text/plain", `{"email": "ada@example.com"}`, 415},
		{"no type", "POST", "/generate-otp", "", `{"email": "ada@example.com"}`, 415},
		{"bad type", "POST", "/generate-otp", "application/json; =", `{"email": "ada@example.com"}`, 415},
		{"PUT", "PUT", "/generate-otp", ct, `{"email": "ada@example.com"}`, 405},
		{"GET without address", "GET", "/generate-otp", "", "", 405},
		{"HEAD", "HEAD", "/generate-otp/ada@example.com", "", "", 405},
		{"DELETE", "DELETE", "/generate-otp/ada@example.com", "", "", 405},
		{"POST with address", "POST", "/generate-otp/ada@example.com", ct, "{}", 405},
		{"empty address in the path", "GET", "/generate-otp/", "", "", 404},
		{"two addresses in the path", "GET", "/generate-otp/ada@example.com,eve@example.com", "", "", 400},
		{"CR LF in the path", "GET", "/generate-otp/ada@example.com%0d%0aBcc:eve@example.com", "", "", 400},
		{"slash in the path", "GET", "/generate-otp/ada%2f@example.com/x", "", "", 404},
		{"GET reset", "GET", "/reset", "", "", 405},
		{"GET reset with a query", "GET", "/reset?email=ada@example.com&otp=12345678&password=" + newPassword[:1], "", "", 405},
		{"GET reset-password", "GET", "/reset-password", "", "", 405},
		{"GET login", "GET", "/login", "", "", 405},
		{"POST health", "POST", "/healthz", ct, "{}", 405},
		{"no code", "POST", "/reset", ct, `{"email": "ada@example.com", "password": "a moth in relay seventy"}`, 400},
		{"number for code", "POST", "/reset", ct, `{"email": "ada@example.com", "otp": 12345678, "password": "a moth in relay seventy"}`, 400},
		{"no password", "POST", "/reset", ct, `{"email": "ada@example.com", "otp": "12345678"}`, 400},
		{"empty password", "POST", "/reset", ct, `{"email": "ada@example.com", "otp": "12345678", "password": ""}`, 400},
		{"code of letters", "POST", "/reset", ct, `{"email": "ada@example.com", "otp": "codecode", "password": "a moth in relay seventy"}`, 403},
		{"endless code", "POST", "/reset", ct, `{"email": "ada@example.com", "otp": "` + strings.Repeat("1", 3000) + `", "password": "a moth in relay seventy"}`, 403},
		{"login without password", "POST", "/login", ct, `{"email": "ada@example.com"}`, 400},
		{"unknown path", "GET", "/admin", "", "", 404},
		{"no mailbox", "GET", "/mailbox", "", "", 404},
	}
	for _, address := range badAddresses {
		email := quote(address)
		tries = append(tries,
			try{"generate " + email, "POST", "/generate-otp", ct, `{"email": ` + email + `}`, 400},
			try{"reset " + email, "POST", "/reset", ct, `{"email": ` + email + `, "otp": "12345678", "password": "a moth in relay seventy"}`, 400},
			try{"login " + email, "POST", "/login", ct, `{"email": ` + email + `, "password": "lovely analytical engine"}`, 400})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, c := range tries {
			r := httptest.NewRequest(c.method, "https://acme.example"+c.path, strings.NewReader(c.body))
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			answer := w.do(r)
			if answer.StatusCode != c.status {
				t.Errorf("%s: status %d, want %d", c.name, answer.StatusCode, c.status)
			}
			if c.status == http.StatusMethodNotAllowed && answer.Header.Get("Allow") == "" {
				t.Errorf("%s: there is no Allow", c.name)
			}
			var problem struct {
				Title, Detail string
				Status        int
			}
			if err := json.NewDecoder(answer.Body).Decode(&problem); err != nil || problem.Status != c.status || problem.Detail == "" || problem.Title == "" {
				t.Errorf("%s: no reason is given: %+v, %v", c.name, problem, err)
			}
			if got := answer.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("%s: Content-Type is %q", c.name, got)
			}
		}
		if w.mails() > 0 {
			t.Errorf("%d mails were sent", w.mails())
		}
	})
}

// The forms get the same treatment.
func TestBadForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b := w.browser()
		for _, address := range badAddresses {
			if users.CheckEmail(strings.TrimSpace(address)) == nil {
				continue // people paste spaces, and the page takes them away
			}
			body := want(t, b.submit("/forgot", "email", address), http.StatusUnprocessableEntity)
			if !strings.Contains(body, `role="alert"`) || !strings.Contains(body, "<title>Error: ") {
				t.Errorf("%q: the page does not say what is wrong", address)
			}
		}
		want(t, b.submit("/forgot"), http.StatusUnprocessableEntity)
		want(t, b.submit("/forgot", "email", ada, "email", "eve@example.com"), http.StatusUnprocessableEntity)
		want(t, b.submit("/forgot", "email", strings.Repeat("a", 1<<20)), http.StatusRequestEntityTooLarge)
		want(t, b.submit("/code", "otp", "12345678", "password", newPassword), http.StatusSeeOther) // no session
		want(t, b.submit("/sign-in"), http.StatusForbidden)
		if w.mails() > 0 {
			t.Errorf("%d mails were sent", w.mails())
		}
	})
}

// What another site makes a browser send is refused, the GET that acts among it.
func TestCrossSiteRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, c := range []struct {
			method, path, header, value string
			status                      int
		}{
			{"POST", "/forgot", "Sec-Fetch-Site", "cross-site", 403},
			{"POST", "/forgot", "Sec-Fetch-Site", "same-site", 403},
			{"POST", "/forgot", "Origin", "https://evil.example", 403},
			{"POST", "/forgot", "Origin", "null", 403},
			{"POST", "/generate-otp", "Sec-Fetch-Site", "cross-site", 403},
			{"POST", "/reset", "Origin", "https://evil.example", 403},
			{"GET", "/generate-otp/ada@example.com", "Sec-Fetch-Site", "cross-site", 403},
			{"GET", "/", "Sec-Fetch-Site", "cross-site", 200}, // links lead here
			{"GET", "/generate-otp/ada@example.com", "Sec-Fetch-Site", "none", 202},
		} {
			r := httptest.NewRequest(c.method, "https://acme.example"+c.path, strings.NewReader("email=ada%40example.com"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(c.header, c.value)
			if got := w.do(r).StatusCode; got != c.status {
				t.Errorf("%s %s with %s: %s gives %d, want %d", c.method, c.path, c.header, c.value, got, c.status)
			}
		}
		if w.mails() != 1 {
			t.Errorf("%d mails were sent, want one", w.mails())
		}
	})
}
