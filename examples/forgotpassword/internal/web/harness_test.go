package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/site"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

const (
	ada         = "Ada@example.com" // as registered
	oldPassword = "lovely analytical engine"
	newPassword = "a moth in relay seventy"
)

var oldHash = sync.OnceValues(func() (string, error) {
	return users.Hash(context.Background(), oldPassword)
})

// A world is the application with everything around it in memory, and a record of the calls that
// leave it.
type world struct {
	t       *testing.T
	app     *web.App
	handler http.Handler
	mailbox *mail.Mailbox
	mailErr error // what SES answers
	calls   record
	log     record
}

// A record is a text that grows.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// newWorld returns an application with one account.
func newWorld(t *testing.T) *world {
	t.Helper()
	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	require.NoError(t, err)
	w := &world{t: t, mailbox: mail.NewMailbox(mails)}
	ses, err := sesmail.New(w, "no-reply@acme.example", &sesmail.Options{Renderer: mails})
	require.NoError(t, err)

	secret, log := make([]byte, 32), slog.New(slog.NewTextHandler(&w.log, nil))
	codes, err := web.NewCodes(secret, memstore.New(nil), ses, web.MinSendTime, log)
	require.NoError(t, err)

	accounts := users.NewMemory()
	hash, err := oldHash()
	require.NoError(t, err)
	_, err = accounts.Add(t.Context(), users.User{Email: ada, PasswordHash: hash})
	require.NoError(t, err)

	w.app = &web.App{
		Product: "Acme", Codes: codes, Keys: otp.Keys{secret},
		Users: recordedUsers{accounts, &w.calls}, Mails: mails, Mail: ses, Log: log, HTTPS: true,
	}
	w.handler, err = site.Handler(w.app)
	require.NoError(t, err)
	return w
}

// recordedUsers records its calls.
type recordedUsers struct {
	users.Store
	calls *record
}

func (s recordedUsers) Find(ctx context.Context, email string) (users.User, error) {
	s.calls.Write([]byte("users.Find\n"))
	return s.Store.Find(ctx, email)
}

var errBroken = errors.New("the service is on fire")

// SendEmail makes the world SES.
func (w *world) SendEmail(
	ctx context.Context, in *sesv2.SendEmailInput, _ ...func(*sesv2.Options),
) (*sesv2.SendEmailOutput, error) {
	if w.mailErr != nil {
		return nil, w.mailErr
	}
	message := in.Content.Simple
	mail := otpmail.NewMail(
		*message.Subject.Data, *message.Body.Text.Data, *message.Body.Html.Data)
	return &sesv2.SendEmailOutput{}, w.mailbox.SendMail(ctx, in.Destination.ToAddresses[0], mail)
}

// An answer is one of the application.
type answer struct{ *httptest.ResponseRecorder }

// want fails the test unless the answer has the status and the code of a problem.
func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.Code, a.Body)
	if code != "" {
		require.Contains(t, a.Body.String(), `"code":"`+code+`"`)
	}
}

func (w *world) do(method, path, body string) answer {
	r := httptest.NewRequest(method, "https://acme.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return answer{recorder}
}

// post sends a JSON body with these members.
func (w *world) post(path string, members map[string]string) answer {
	w.t.Helper()
	body, err := json.Marshal(members)
	require.NoError(w.t, err)
	return w.do(http.MethodPost, path, string(body))
}

func (w *world) generate(email string) answer {
	return w.do(http.MethodGet, "/generate-otp/"+url.PathEscape(email), "")
}

func (w *world) reset(email, code, password string) answer {
	w.t.Helper()
	return w.post("/reset-password",
		map[string]string{"email": email, "otp": code, "password": password})
}

func (w *world) login(email, password string) answer {
	w.t.Helper()
	return w.post("/login", map[string]string{"email": email, "password": password})
}

var codePattern = regexp.MustCompile(`(?m)^\d{8}$`)

// code returns the code of the newest mail that has one.
func (w *world) code() string {
	w.t.Helper()
	for _, letter := range w.mailbox.Letters() {
		if code := codePattern.FindString(letter.Text); code != "" {
			return code
		}
	}
	require.Fail(w.t, "there is no mail with a code")
	return ""
}
