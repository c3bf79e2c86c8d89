package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
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
	"github.com/seed-5978b5f1/otp/otptest"
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

var oldHash = sync.OnceValue(func() string {
	hash, err := users.Hash(context.Background(), oldPassword)
	if err != nil {
		panic(err)
	}
	return hash
})

// A world is the application with everything around it in memory, and a record of the calls that
// leave it.
type world struct {
	t       *testing.T
	app     *web.App
	handler http.Handler
	mailbox *mail.Mailbox
	mailErr error // what SES answers

	mu     sync.Mutex // guards what follows
	calls  []string
	logged strings.Builder
}

// newWorld returns an application with one account.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, mailbox: mail.NewMailbox()}
	log := slog.New(slog.NewTextHandler(w, nil))
	mails, err := mail.New("Acme", func(r otpmail.Renderer) (mail.Sender, error) {
		return sesmail.New(w, "no-reply@acme.example", &sesmail.Options{Renderer: r})
	})
	require.NoError(t, err)

	secret := make([]byte, 32)
	store := &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(c otptest.StoreCall) otptest.StoreFault {
			w.call("codes." + c.Method)
			return otptest.StoreFault{}
		},
	}
	codes, err := web.NewCodes(secret, store, mails.Codes(), web.MinSendTime, log)
	require.NoError(t, err)

	accounts := users.NewMemory()
	_, err = accounts.Add(t.Context(), users.User{Email: ada, PasswordHash: oldHash()})
	require.NoError(t, err)

	w.app = &web.App{
		Product: "Acme", Codes: codes, Keys: otp.Keys{secret}, Users: userStore{accounts, w},
		Notify: mails.PasswordChanged, Log: log, HTTPS: true,
	}
	w.handler, err = site.Handler(w.app)
	require.NoError(t, err)
	return w
}

// Write makes the world the file of the log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logged.Write(p)
}

func (w *world) log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logged.String()
}

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

var errBroken = errors.New("the service is on fire")

func (w *world) call(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, name)
}

// called returns how many calls of this name there were.
func (w *world) called(name string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()

	for _, call := range w.calls {
		if call == name {
			n++
		}
	}
	return n
}

type userStore struct {
	users.Store
	w *world
}

func (s userStore) Find(ctx context.Context, email string) (users.User, error) {
	s.w.call("users.Find")
	return s.Store.Find(ctx, email)
}

func (s userStore) SetPassword(ctx context.Context, email, hash string) (users.User, error) {
	s.w.call("users.SetPassword")
	return s.Store.SetPassword(ctx, email, hash)
}

// An answer is one of the application, read.
type answer struct {
	*http.Response
	text string
}

func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	response := recorder.Result()
	body, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return answer{response, string(body)}
}

func (w *world) get(path string) answer {
	w.t.Helper()
	return w.do(httptest.NewRequest(http.MethodGet, "https://acme.example"+path, nil))
}

// post sends a JSON body with these members.
func (w *world) post(path string, members map[string]string) answer {
	w.t.Helper()
	body, err := json.Marshal(members)
	require.NoError(w.t, err)
	r := httptest.NewRequest(
		http.MethodPost,
		"https://acme.example"+path,
		strings.NewReader(string(body)),
	)
	r.Header.Set("Content-Type", "application/json")
	return w.do(r)
}

func (w *world) generate(email string) answer {
	w.t.Helper()
	return w.get("/generate-otp/" + url.PathEscape(email))
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

// want fails the test unless the answer has the status and the code of a problem.
func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.text)
	if code != "" {
		require.Contains(t, a.text, `"code":"`+code+`"`)
	}
}

// session returns the session of an answer to a client that carries its own.
func (a answer) session(t *testing.T) string {
	t.Helper()
	var document struct{ Session string }
	require.NoError(t, json.Unmarshal([]byte(a.text), &document))
	require.NotEmpty(t, document.Session)
	return document.Session
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

// wrong returns another code of the same shape.
func wrong(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }
