package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/budget"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

const (
	ada         = "Ada@example.com" // as registered
	oldPassword = "lovely analytical engine"
	newPassword = "a moth in relay seventy"
)

var oldHash = func() string {
	hash, err := users.Hash(context.Background(), oldPassword)
	if err != nil {
		panic(err)
	}
	return hash
}()

// A world is the application with everything around it in memory, and a record of the calls that leave it.
type world struct {
	t       *testing.T
	app     *web.App
	handler http.Handler
	mailbox *mail.Mailbox
	mailErr error // what SES answers
	storeOK func(call string) error
	mu      sync.Mutex // guards calls
	calls   []string
	log     strings.Builder
	clients atomic.Int64
}

// newWorld returns an application with one account.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, mailbox: mail.NewMailbox(), storeOK: func(string) error { return nil }}
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	mails, err := mail.New(w, "no-reply@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	codes, err := web.NewCodes(make([]byte, 32), codeStore{memstore.New(nil), w}, mails.Codes(), log)
	if err != nil {
		t.Fatal(err)
	}
	accounts := users.NewMemory()
	accounts.Add(t.Context(), users.User{Email: ada, PasswordHash: oldHash})
	w.app = &web.App{Codes: codes, Users: userStore{accounts, w}, Notify: mails.PasswordChanged, Log: log, HTTPS: true, Allow: budget.PerClient()}
	w.handler = w.app.Handler()
	return w
}

// SendEmail makes the world SES.
func (w *world) SendEmail(ctx context.Context, in *sesv2.SendEmailInput, opts ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	if w.mailErr != nil {
		return nil, w.mailErr
	}
	return w.mailbox.SendEmail(ctx, in, opts...)
}

func (w *world) call(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, name)
	return w.storeOK(name)
}

type codeStore struct {
	next otp.Store
	w    *world
}

func (s codeStore) Load(ctx context.Context, key string) ([]byte, error) {
	if err := s.w.call("codes.Load"); err != nil {
		return nil, err
	}
	return s.next.Load(ctx, key)
}

func (s codeStore) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	if err := s.w.call("codes.CompareAndSwap"); err != nil {
		return false, err
	}
	return s.next.CompareAndSwap(ctx, key, old, new, expires)
}

type userStore struct {
	next users.Store
	w    *world
}

func (s userStore) Find(ctx context.Context, email string) (users.User, error) {
	if err := s.w.call("users.Find"); err != nil {
		return users.User{}, err
	}
	return s.next.Find(ctx, email)
}

func (s userStore) SetPassword(ctx context.Context, email, hash string) (users.User, error) {
	if err := s.w.call("users.SetPassword"); err != nil {
		return users.User{}, err
	}
	return s.next.SetPassword(ctx, email, hash)
}

func (s userStore) Add(ctx context.Context, u users.User) (bool, error) { return s.next.Add(ctx, u) }

// do has the handler answer. Each request comes from a client of its own, since budgets are not what is tested.
func (w *world) do(r *http.Request) *http.Response {
	client := w.clients.Add(1)
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1234", client>>16, client>>8&255, client&255)
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return recorder.Result()
}

func (w *world) get(path string) *http.Response {
	return w.do(httptest.NewRequest("GET", "https://acme.example"+path, nil))
}

// post sends a JSON body.
func (w *world) post(path, body string) *http.Response {
	r := httptest.NewRequest("POST", "https://acme.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return w.do(r)
}

func (w *world) generate(email string) *http.Response {
	return w.post("/generate-otp", fmt.Sprintf(`{"email": %q}`, email))
}

func (w *world) reset(email, code, password string) *http.Response {
	return w.post("/reset", fmt.Sprintf(`{"email": %q, "otp": %q, "password": %q}`, email, code, password))
}

func (w *world) login(email, password string) *http.Response {
	return w.post("/login", fmt.Sprintf(`{"email": %q, "password": %q}`, email, password))
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
	w.t.Fatal("there is no mail with a code")
	return ""
}

// mails returns how many mails were sent.
func (w *world) mails() int { return len(w.mailbox.Letters()) }

// wrong returns a code that was not sent.
func (w *world) wrong() string {
	code := "00000000"
	for slices.ContainsFunc(w.mailbox.Letters(), func(l mail.Letter) bool { return strings.Contains(l.Text, code) }) {
		code = code[1:] + "1"
	}
	return code
}

// want fails the test unless the answer has the status, and returns its body.
func want(t *testing.T, answer *http.Response, status int) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != status {
		t.Errorf("the answer is %d %s, want %d", answer.StatusCode, body, status)
	}
	return string(body)
}

// A browser keeps the cookies between requests.
type browser struct {
	w       *world
	cookies map[string]string
}

func (w *world) browser() *browser { return &browser{w, make(map[string]string)} }

func (b *browser) do(r *http.Request) *http.Response {
	r.Header.Set("Accept", "text/html")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer := b.w.do(r)
	for _, cookie := range answer.Cookies() {
		if b.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		}
	}
	return answer
}

func (b *browser) get(path string) *http.Response {
	return b.do(httptest.NewRequest("GET", "https://acme.example"+path, nil))
}

func (b *browser) submit(path string, fields ...string) *http.Response {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", "https://acme.example"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

var errBroken = errors.New("the service is on fire")
