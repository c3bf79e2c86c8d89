package sessions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/budget"
	"github.com/seed-5978b5f1/otp/examples/sessions"
	"github.com/seed-5978b5f1/otp/otptest"
)

const ada = "ada@example.com"

// A browser follows redirects and keeps cookies.
type browser struct {
	*http.Client
	url string
}

func (b *browser) read(t *testing.T, answer *http.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}

func (b *browser) get(t *testing.T, path string) string {
	t.Helper()
	answer, err := b.Get(b.url + path)
	return b.read(t, answer, err)
}

func (b *browser) post(t *testing.T, path string, form url.Values) string {
	t.Helper()
	answer, err := b.PostForm(b.url+path, form)
	return b.read(t, answer, err)
}

// A person signs in, which gives the session another token, and confirms a payout, which the page
// shows. A payout that was edited meanwhile is not confirmed by the code of the one before.
func TestSignInAndPayout(t *testing.T) {
	logins, mails := otptest.New(t, otp.Config{Purpose: "sign-in", Kind: otp.SignIn})
	orders, orderMails := otptest.New(t, otp.Config{
		Purpose: "payout", Kind: otp.ConfirmTransaction,
		Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 5, Window: time.Minute}}},
	})
	clients, err := budget.New(budget.Config{PerMinute: 100})
	require.NoError(t, err)
	app := &sessions.App{
		Sessions: scs.New(), Logins: logins, Orders: orders, Payouts: &sessions.Payouts{},
		Keys: otp.Keys{make([]byte, 32)}, Clients: clients,
	}
	handler, err := app.Handler()
	require.NoError(t, err)
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	b := &browser{server.Client(), server.URL}
	b.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)

	nobody, err := b.Get(b.url + "/confirm/")
	require.NoError(t, err)
	require.NoError(t, nobody.Body.Close())
	require.Equal(t, http.StatusUnauthorized, nobody.StatusCode)

	b.get(t, "/sign-in/")
	b.post(t, "/sign-in/", url.Values{"email": {ada}})
	welcome := b.post(t, "/sign-in/code", url.Values{"code": {mails.Code(t, ada)}})
	require.Equal(t, "signed in as "+ada, welcome)

	app.Payouts.Add(sessions.Payout{ID: "1", Owner: ada, IBAN: "DE02 1203", Amount: "€250"})
	b.get(t, "/confirm/")
	require.Contains(t, b.post(t, "/confirm/", nil), "DE02 1203")
	first := orderMails.Code(t, ada)

	app.Payouts.Add(sessions.Payout{ID: "2", Owner: ada, IBAN: "DE02 1203", Amount: "€300"})
	answer, err := b.PostForm(b.url+"/confirm/code", url.Values{"code": {first}})
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusConflict, answer.StatusCode)
	pending, err := app.Payouts.Pending(ada)
	require.NoError(t, err)
	require.Equal(t, "2", pending.ID)

	require.Contains(t, b.post(t, "/confirm/", nil), "€300")
	b.post(t, "/confirm/code", url.Values{"code": {orderMails.Code(t, ada)}})
	pending, err = app.Payouts.Pending(ada)
	require.NoError(t, err)
	assert.Equal(t, "1", pending.ID, "the second is confirmed, the first is not")
}

// Signing in takes 25 lines beyond imports, and the step-up 20 more.
func TestLines(t *testing.T) {
	for name, most := range map[string]int{"signin.go": 25, "stepup.go": 20} {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		require.NoError(t, err)

		lines := 0
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				lines += files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1
			}
		}
		assert.LessOrEqual(t, lines, most, name)
	}
}
