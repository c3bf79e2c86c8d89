package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A window is a browser window of its own, without the cookies of others.
type window struct {
	t   *testing.T
	ctx context.Context
}

func newWindow(t *testing.T) *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(need(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // and wait for its end, before its folder goes
			t.Error(err)
		}
	})
	err := chromedp.Listen(ctx, func(event any) {
		// What the Content-Security-Policy stops shows here.
		if e, ok := event.(*cdplog.EventEntryAdded); ok && strings.Contains(e.Entry.Text, "Content Security Policy") {
			t.Errorf("the browser complains: %s", e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return &window{t, ctx}
}

// patience is how long one step in the browser may take.
const patience = time.Minute

// do takes the steps one after the other.
func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatal(err)
	}
}

// get returns what an action finds.
func get[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// call sends a command of the DevTools protocol.
func call[P, R any](w *window, command cdp.Command[P, R], params P) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, command, params); err != nil {
		w.t.Fatal(err)
	}
}

// text returns what is to be read in the element.
func (w *window) text(selector chromedp.CSS) string {
	w.t.Helper()
	return get(w, chromedp.Text(selector, chromedp.NodeVisible))
}

func (w *window) want(selector chromedp.CSS, text string) {
	w.t.Helper()
	if got := w.text(selector); !strings.Contains(got, text) {
		w.t.Errorf("%s says %q, want %q", selector, got, text)
	}
}

// wantFocus fails the test unless keys go to the element of the id.
func (w *window) wantFocus(id string) {
	w.t.Helper()
	if got := get(w, chromedp.Evaluate[string](`document.activeElement.id`)); got != id {
		w.t.Errorf("the focus is on %q, want %q", got, id)
	}
}

// submit types into whatever has the focus, then Enter, and returns when the next page is there.
func (w *window) submit(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.do(chromedp.KeyEvent(key))
	}
	w.load(chromedp.KeyEvent(kb.Enter))
}

// load takes a step that leads to another page, and returns when that is there.
func (w *window) load(step chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, step); err != nil {
		w.t.Fatal(err)
	}
}

// shoot takes pictures of the page: wide, as narrow as a page may get, and dark. A page that needs to be scrolled
// sideways fails the test.
func (w *window) shoot(name string) {
	w.t.Helper()
	folder := filepath.Join("..", "build", "screenshots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		w.t.Fatal(err)
	}
	for _, look := range []struct {
		name, scheme string
		width        int64
	}{{"desktop", "light", 1024}, {"narrow", "light", 320}, {"dark", "dark", 480}} {
		call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
		})
		w.do(chromedp.EmulateViewport(look.width, 720))
		needed := get(w, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
		picture := get(w, chromedp.FullScreenshot(100))
		if needed > look.width {
			w.t.Errorf("%s needs %d pixels of %d", name, needed, look.width)
		}
		if err := os.WriteFile(filepath.Join(folder, name+"-"+look.name+".png"), picture, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// labelled fails the test if a field of the page has no label.
func (w *window) labelled() {
	w.t.Helper()
	const script = `[...document.querySelectorAll("input:not([type=hidden], [hidden])")].filter(i => !i.labels.length).map(i => i.name)`
	bare := get(w, chromedp.Evaluate[[]string](script))
	if len(bare) > 0 {
		w.t.Errorf("fields without a label: %v", bare)
	}
}

// TestBrowser resets a password by keyboard: ask, read the mail, a wrong code, the right one, sign in.
func TestBrowser(t *testing.T) {
	s := newSystem(t)
	w := newWindow(t)
	url := startServer(t, append(s.env, "OTP_SECRET="+strings.Repeat("s", 32)))

	w.do(chromedp.Navigate(url))
	w.labelled()
	w.shoot("1-ask")
	w.wantFocus("email")
	w.submit(s.email)
	w.want("h1", "Enter the code")
	w.want("main", "with 5 attempts")
	w.labelled()
	if !get(w, chromedp.Evaluate[bool](`document.querySelector("button.second").disabled`)) {
		t.Error("one can ask again at once")
	}
	before := w.text("[data-wait-left]")
	await(t, "the count-down to go on", func() bool { return w.text("[data-wait-left]") != before })
	w.shoot("2-code")

	code := s.code()
	w.submit(wrong(code), kb.Tab, newPassword)
	w.want("#otp-error", "This is not the code. 4 attempts are left.")
	w.wantFocus("otp")
	w.shoot("3-wrong-code")
	w.submit(code[:4]+" "+code[4:], kb.Tab, "short")
	w.want("#password-error", "at least 15 characters")
	w.wantFocus("password")
	w.shoot("4-short-password")
	w.submit(newPassword) // the code is still there
	w.want("h1", "Your password was changed")
	w.shoot("5-done")
	if mails := s.mails(); len(mails) != 2 || !strings.Contains(mails[1], "was changed") {
		t.Errorf("the mails are %q", mails)
	}

	w.load(chromedp.Click(chromedp.CSS(".links a")))
	w.labelled()
	w.submit(s.email, kb.Tab, oldPassword)
	w.want("[role=alert]", "The address or the password is wrong.")
	w.shoot("6-sign-in-wrong")
	w.wantFocus("password")
	w.submit(newPassword)
	w.want("[role=status]", "The password is right.")
	w.shoot("7-sign-in-right")
}

// TestBrowserWithoutJavaScript does it where no script runs.
func TestBrowserWithoutJavaScript(t *testing.T) {
	s := newSystem(t)
	w := newWindow(t)
	url := startServer(t, append(s.env, "OTP_SECRET="+strings.Repeat("s", 32)))

	call(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	w.do(chromedp.Navigate(url))
	w.submit(s.email)
	w.want("main", "You can ask again in")
	w.submit(s.code(), kb.Tab, newPassword)
	w.want("h1", "Your password was changed")
}

// TestLaptop looks at the pages that only development has.
func TestLaptop(t *testing.T) {
	w := newWindow(t)
	url := startServer(t, os.Environ())

	w.do(chromedp.Navigate(url))
	w.want(".development", "No mail leaves this computer")
	w.submit("ada@example.com")
	w.shoot("8-development")
	w.do(chromedp.Navigate(url + "/mailbox"))
	w.want(".mail", "Reset your password for Acme")
	w.shoot("9-mailbox")
	w.do(chromedp.Navigate(url + "/nowhere"))
	w.want("[role=alert]", "There is nothing here.")
	w.shoot("10-not-found")
}
