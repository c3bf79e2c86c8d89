// Signin signs people in by a code that they get by mail, knows their devices again, and has them
// confirm payouts by another code. It stands on chi and scs. Codes and sessions are in a file of
// SQLite.
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
	"database/sql"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	_ "modernc.org/sqlite"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/examples/budget"
	"github.com/seed-5978b5f1/otp/otphttp"
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

// schema is the table of sessions, each under the hash of its cookie.
const schema = "CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, data, expiry REAL);"

// newApp returns the application on a database. Mails are written to out. Proofs are optional.
func newApp(file string, out io.Writer, proofs *evp.Verifier) http.Handler {
	db := must(sql.Open("sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"))
	must(db.Exec(schema + sqlstore.Schema(sqlstore.SQLite, nil)))
	sessions := scs.New()
	sessions.Store, sessions.HashTokenInStore = sqlite3store.New(db), true
	sessions.Lifetime = 30 * 24 * time.Hour

	secret := make([]byte, 32) // in production: otp.ParseKey(os.Getenv("OTP_SECRET"))
	rand.Read(secret)
	store, sender := must(sqlstore.New(db, sqlstore.SQLite, nil)), newSender(out)
	newCodes := func(kind otp.Kind, purpose string, policy otp.Policy) *otp.Service {
		return must(otp.New(otp.Config{
			Purpose: purpose, Kind: kind, Secret: secret, Store: store, Sender: sender,
			Policy: policy, Normalize: otpmail.Normalize,
		}))
	}
	logins := newCodes(otp.SignIn, "sign-in", otp.Policy{})
	orders := newCodes(otp.ConfirmTransaction, "payout", otp.Policy{
		SendLimits: []otp.Limit{{Count: 5, Window: time.Minute}}, // each payout needs a code
	})

	// In production: with Config.Proxies behind a proxy, and Counter for several instances.
	clients := must(budget.New(budget.Config{PerMinute: 30}))
	config := otphttp.Config{
		Keys: otp.Keys{secret}, Allow: clients.Allow, Insecure: true, // in production: HTTPS
	}
	payouts := &Payouts{}
	stepUp := must(StepUp(sessions, orders, payouts, config))
	config.Proofs = proofs
	signIn := must(SignIn(sessions, logins, config))

	r := chi.NewRouter()
	r.Use(clients.Wrap, sessions.LoadAndSave)
	r.Handle("/sign-in/*", signIn)
	r.Handle("/confirm/*", stepUp)
	r.Get("/", home(sessions))
	ownPages := http.NewCrossOriginProtection().Handler
	r.With(ownPages).Post("/payouts", func(w http.ResponseWriter, r *http.Request) {
		payouts.Add(Payout{
			ID: rand.Text(), Owner: sessions.GetString(r.Context(), "account"),
			IBAN: "DE02 1203 0000 0000 2020 51", Amount: r.PostFormValue("amount"),
		})
		http.Redirect(w, r, "/confirm/", http.StatusSeeOther)
	})
	return r
}

// newSender bounds what strangers can have the service send: to one domain, and in all.
func newSender(out io.Writer) otp.Sender {
	mails := must(otpmail.NewCatalog(otpmail.Options{Product: "Acme"}))
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

var homePage = template.Must(template.New("home").Parse(`<!DOCTYPE html>
<html lang="en"><title>Acme</title><link rel="stylesheet" href="/sign-in/style.css">
<main><h1>Welcome</h1><p>You are signed in as {{.}}.</p>
<form method="post" action="/payouts"><label for="amount">Amount of the payout</label>
<input id="amount" name="amount" value="€250"><button>Pay out</button></form></main></html>`))

// home greets who is signed in, and leads others to sign in.
func home(sessions *scs.SessionManager) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		account := sessions.GetString(r.Context(), "account")
		if account == "" {
			http.Redirect(w, r, "/sign-in/", http.StatusSeeOther)
			return
		}
		homePage.Execute(w, account)
	}
}
