package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A window is a window of a browser of its own, without the cookies of others.
type window struct {
	t   *testing.T
	ctx context.Context
}

// newWindow opens a browser. flags are those of Chromium beside the usual ones: names and values.
func newWindow(t *testing.T, flags ...any) *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(need(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	for i := 0; i < len(flags); i += 2 {
		options = append(options, chromedp.Flag(flags[i].(string), flags[i+1]))
	}

	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	w := &window{t, ctx}
	return w.open()
}

// open opens a window or, from a window, one more tab of the same browser.
func (w *window) open() *window {
	w.t.Helper()
	ctx, _ := chromedp.NewContext(w.ctx)
	w.t.Cleanup(func() {
		// Wait for the end of the browser, before its folder goes.
		assert.NoError(w.t, chromedp.Cancel(ctx))
	})

	err := chromedp.Listen(ctx, func(event any) {
		// What the Content-Security-Policy stops shows here.
		e, ok := event.(*cdplog.EventEntryAdded)
		if ok && strings.Contains(e.Entry.Text, "Content Security Policy") {
			w.t.Errorf("the browser complains: %s", e.Entry.Text)
		}
	})
	require.NoError(w.t, err)
	return &window{w.t, ctx}
}

// patience is how long one step in the browser may take.
const patience = time.Minute

// do takes the steps one after the other.
func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()

	require.NoError(w.t, chromedp.Do(ctx, steps...))
}

// get returns what an action finds.
func get[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()

	value, err := chromedp.Run(ctx, action)
	require.NoError(w.t, err)
	return value
}

// eval returns the value of a script.
func eval[T any](w *window, script string) T {
	w.t.Helper()
	return get(w, chromedp.Evaluate[T](script))
}

// call sends a command of the DevTools protocol.
func call[P, R any](w *window, command cdp.Command[P, R], params P) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, command, params)
	require.NoError(w.t, err)
}

func (w *window) visit(url string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url))
}

// text returns what is to be read in the element.
func (w *window) text(selector chromedp.CSS) string {
	w.t.Helper()
	return get(w, chromedp.Text(selector, chromedp.NodeVisible))
}

func (w *window) want(selector chromedp.CSS, text string) {
	w.t.Helper()
	require.Contains(w.t, w.text(selector), text)
}

// wantSoon waits until the page says the text in the element.
func (w *window) wantSoon(selector chromedp.CSS, text string) {
	w.t.Helper()
	const script = `document.querySelector(%q)?.innerText ?? ""`
	await(w.t, text, func() bool {
		found := eval[string](w, strings.Replace(script, "%q", quote(string(selector)), 1))
		return strings.Contains(found, text)
	})
}

func quote(text string) string { return "`" + text + "`" }

// wantFocus waits until keys go to the element of the id.
func (w *window) wantFocus(id string) {
	w.t.Helper()
	await(w.t, "the focus on "+id, func() bool {
		return eval[string](w, `document.activeElement.id`) == id
	})
}

// keys types into whatever has the focus.
func (w *window) keys(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.do(chromedp.KeyEvent(key))
	}
}

// submit types into whatever has the focus, then Enter, and returns when the next page is there.
func (w *window) submit(keys ...string) {
	w.t.Helper()
	w.keys(keys...)
	w.load(chromedp.KeyEvent(kb.Enter))
}

// load takes a step that leads to another page, and returns when that is there.
func (w *window) load(step chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()

	_, err := chromedp.RunResponse(ctx, step)
	require.NoError(w.t, err)
}

// fill sets the value of a field, as pasting does.
func (w *window) fill(id, value string) {
	w.t.Helper()
	eval[string](w, `document.getElementById("`+id+`").value = `+quote(value))
}
