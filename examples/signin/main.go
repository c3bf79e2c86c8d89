// Signin signs people in by a code that they get by mail, and knows their devices again. Codes and
// sessions are in a file of SQLite.
//
//	go -C examples/signin run .
//
// Mails are shown in the terminal, or sent by the SMTP server that SMTP_HOST names, with
// SMTP_USERNAME, SMTP_PASSWORD and MAIL_FROM.
//
// With -origin https://example.com, the origin under which people reach it, browsers that can prove
// an address spare the mail. ORIGIN_TRIAL is the token of an origin trial for them.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	_ "modernc.org/sqlite"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/examples/budget"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sendlimit"
	"github.com/seed-5978b5f1/otp/smtpmail"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	file := flag.String("db", "signin.db", "`file` of the database")
	origin := flag.String("origin", "", "let browsers prove addresses to this `origin`")
	flag.Parse()

	var proofs *evp.Verifier
	if *origin != "" {
		proofs = must(evp.New(evp.Config{Origins: []string{*origin}}))
	}
	server := &http.Server{Addr: *addr, ReadTimeout: 10 * time.Second}
	server.Handler = newApp(*file, os.Stdout, proofs)
	log.Printf("listening on http://%s", *addr)
	log.Fatal(server.ListenAndServe())
}

// must returns a value that the program cannot start without.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal("signin: ", err)
	}
	return value
}

// newApp returns the application on a database. Mails are written to out. Proofs are optional.
func newApp(file string, out io.Writer, proofs *evp.Verifier) http.Handler {
	db := must(sql.Open("sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"))
	must(db.Exec(schema + sqlstore.Schema(sqlstore.SQLite, nil)))

	secret := make([]byte, 32) // in production: otp.ParseKey(os.Getenv("OTP_SECRET"))
	rand.Read(secret)
	mails := must(otpmail.NewCatalog(otpmail.Options{Product: "Acme"}))
	logins := must(otp.New(otp.Config{
		Purpose: "sign-in", Kind: otp.SignIn, Secret: secret, Sender: newSender(mails, out),
		Store: must(sqlstore.New(db, sqlstore.SQLite, nil)), Normalize: otpmail.Normalize,
	}))

	// In production: with Config.Proxies behind a proxy, and Counter for several instances.
	clients := must(budget.New(budget.Config{PerMinute: 30}))
	a := app{db, logins}
	flow := must(otphttp.New(otphttp.Config{
		Codes: logins, Keys: otp.Keys{secret}, Find: find, Accept: a.accept, Allow: clients.Allow,
		Anyone: true, Devices: true, Proofs: proofs, Insecure: true, // in production: HTTPS
	}))
	options := pages.Options{
		Product: "Acme", Path: "/sign-in/", OriginTrial: os.Getenv("ORIGIN_TRIAL"),
	}

	mux := http.NewServeMux()
	mux.Handle("/sign-in/", must(pages.New(flow, options)))
	mux.HandleFunc("GET /{$}", a.home)
	return clients.Wrap(mux)
}

// newSender bounds what strangers can have the service send: to one domain, and in all.
func newSender(mails *otpmail.Catalog, out io.Writer) otp.Sender {
	return must(sendlimit.New(newTransport(mails, out), sendlimit.Options{
		Total:    []otp.Limit{{Count: 1000, Window: time.Hour}},
		PerGroup: []otp.Limit{{Count: 300, Window: time.Hour}},
		Group:    sendlimit.EmailDomain,
	}))
}

// newTransport sends mails by SMTP, or writes them to out.
func newTransport(mails *otpmail.Catalog, out io.Writer) otp.Sender {
	if host := os.Getenv("SMTP_HOST"); host != "" {
		return must(smtpmail.New(smtpmail.Config{
			Host: host, Username: os.Getenv("SMTP_USERNAME"), Password: os.Getenv("SMTP_PASSWORD"),
			From: os.Getenv("MAIL_FROM"), Renderer: mails,
		}))
	}
	return otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		mail, err := mails.Render(m)
		fmt.Fprintf(out, "\nTo: %s\nSubject: %s\n\n%s\n", m.To, mail.Subject, mail.Text)
		return err
	})
}

// find welcomes everybody: the first code makes the account.
func find(_ *http.Request, typed string) (otphttp.Recipient, error) {
	to, err := otpmail.ParseAddress(typed)
	return otphttp.Recipient{To: to, Known: true}, err
}

// An app knows who is signed in.
type app struct {
	db     *sql.DB
	logins *otp.Service
}

// schema is the table of sessions, each under the hash of its cookie.
const schema = "CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, address, expires);"

// accept begins a session once the code is accepted. Accounts go by the form of an address that
// codes go by: two spellings are one person.
func (a app) accept(_ *http.Request, c otphttp.Claim) (otphttp.Done, error) {
	account, err := a.logins.Normalize(c.To)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, w http.ResponseWriter) error {
		token := rand.Text()
		hash := sha256.Sum256([]byte(token))
		const insert = "INSERT INTO sessions VALUES (?, ?, unixepoch('now', '+30 days'))"
		_, err := a.db.ExecContext(ctx, insert, hash[:], account)
		http.SetCookie(w, &http.Cookie{
			Name: "session", Value: token, Path: "/", MaxAge: 30 * 24 * 3600, HttpOnly: true,
			SameSite: http.SameSiteLaxMode,
		})
		return err
	}, nil
}

var homePage = template.Must(template.New("home").Parse(`<!DOCTYPE html>
<html lang="en"><title>Acme</title><link rel="stylesheet" href="/sign-in/style.css">
<main><h1>Welcome</h1><p>You are signed in as {{.}}.</p></main></html>`))

// home greets who is signed in, and leads others to sign in.
func (a app) home(w http.ResponseWriter, r *http.Request) {
	var hash [sha256.Size]byte // of no token
	if cookie, err := r.Cookie("session"); err == nil {
		hash = sha256.Sum256([]byte(cookie.Value))
	}

	var address string
	const query = "SELECT address FROM sessions WHERE hash = ? AND expires > unixepoch()"
	if a.db.QueryRowContext(r.Context(), query, hash[:]).Scan(&address) != nil {
		http.Redirect(w, r, "/sign-in/", http.StatusSeeOther)
		return
	}

	homePage.Execute(w, address)
}
