package e2e

import (
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The tests of this file do what people do by accident. Each must end in a page that says what to
// do.

const sendButton = chromedp.CSS("main form button[data-busy]")

// withAndWithoutScripts runs a test in two browsers.
func withAndWithoutScripts(t *testing.T, test func(*testing.T, *website, *window)) {
	t.Run("with scripts", func(t *testing.T) { test(t, newWebsite(t, nil), newWindow(t)) })
	t.Run("without", func(t *testing.T) {
		w := newWindow(t)
		w.withoutScripts()
		test(t, newWebsite(t, nil), w)
	})
}

// ask asks for a code on the page that is there.
func (w *window) ask(email string) {
	w.t.Helper()
	w.fill("address", email)
	w.load(chromedp.Click(sendButton))
}

// finish enters the code of the newest mail.
func (w *window) finish(s *website, email string) {
	w.t.Helper()
	w.fill("code", s.codeTo(email))
	w.fill("password", newPassword)
	w.load(chromedp.Click(sendButton))
	w.want("h1", "Your password was changed")
}

func TestDoubleClick(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *website, w *window) {
		w.visit(s.URL)
		w.fill("address", ada)
		w.do(chromedp.DoubleClick(sendButton))
		w.wantSoon("h1", "Enter the code")
		require.Equal(t, 1, s.mailsTo(ada))

		w.fill("code", s.codeTo(ada))
		w.fill("password", newPassword)
		w.do(chromedp.DoubleClick(sendButton))
		w.wantSoon("h1", "Your password was changed")
		require.Equal(t, 2, s.mailsTo(ada), "the password was not changed exactly once")
	})
}

// While a code is on its way the button says so and does nothing more.
func TestWaitingState(t *testing.T) {
	s := newWebsite(t, nil)
	w := newWindow(t)
	w.visit(s.URL)
	w.fill("address", ada)

	// The page stays until the answer is there: what it says is read in the same step.
	const clickAndRead = `(() => {
		const button = document.querySelector("main form button[data-busy]");
		button.click();
		return [button.textContent, button.ariaDisabled, button.form.ariaBusy].join();
	})()`
	require.Equal(t, "Sending…,true,true", eval[string](w, clickAndRead))
	w.wantSoon("h1", "Enter the code")
}

func TestReloadAfterWrongCode(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *website, w *window) {
		w.visit(s.URL)
		w.ask(ada)
		w.fill("code", wrong(s.codeTo(ada)))
		w.fill("password", newPassword)
		w.do(chromedp.Click(sendButton))
		w.wantSoon("main", "Attempts left: 4")

		for range 3 {
			w.load(chromedp.Reload())
			w.want("main", "Attempts left: 4")
		}
		w.finish(s, ada)
	})
}

func TestReloadWhileSending(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *website, w *window) {
		w.visit(s.URL)
		w.fill("address", ada)
		w.do(chromedp.Click(sendButton))
		await(t, "the mail", func() bool { return s.mailsTo(ada) == 1 })
		w.load(chromedp.Reload()) // the browser drops the answer
		w.want("h1", "Reset your password")

		w.fill("address", ada)
		w.load(chromedp.Click(sendButton))
		w.want("h1", "Enter the code")
		require.Equal(t, 1, s.mailsTo(ada))
		w.finish(s, ada)
	})
}

func TestTwoTabs(t *testing.T) {
	s := newWebsite(t, nil)
	first := newWindow(t)
	first.visit(s.URL)
	first.ask(ada)

	second := first.open()
	second.visit(s.URL)
	second.ask(grace)

	// The code of the first tab is not compared with the account of the second.
	first.fill("code", s.codeTo(ada))
	first.fill("password", newPassword)
	first.do(chromedp.Click(sendButton))
	first.wantSoon("[role=alert]", grace)
	first.want("main", "Attempts left: 5")
	first.finish(s, grace)

	second.load(chromedp.Reload())
	second.want("h1", "Your password was changed")
}

func TestBackAfterSuccess(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *website, w *window) {
		w.visit(s.URL)
		w.ask(ada)
		w.finish(s, ada)

		w.do(chromedp.NavigateBack())
		w.wantSoon("h1", "Your password was changed")
		w.load(chromedp.Reload())
		w.want("h1", "Your password was changed")
	})
}

// Nobody is told that their password was changed who has not changed it.
func TestDoneIsNotForEverybody(t *testing.T) {
	s := newWebsite(t, nil)
	w := newWindow(t)
	w.visit(s.URL + "/done")
	w.want("h1", "Reset your password")
}

func TestCookiesBlocked(t *testing.T) {
	s := newWebsite(t, nil)
	w := newWindow(t)

	w.visit(s.URL)
	call(w, network.ClearBrowserCookies, cdp.Empty{})
	w.ask(ada)
	w.want("h1", "Please allow cookies")
	require.Zero(t, s.mailsTo(ada), "a mail was sent whose code can be entered nowhere")
	w.load(chromedp.Click(chromedp.CSS(".links a")))

	w.ask(ada)
	call(w, network.ClearBrowserCookies, cdp.Empty{})
	w.fill("code", s.codeTo(ada))
	w.fill("password", newPassword)
	w.load(chromedp.Click(sendButton))
	w.want("h1", "Enter the code where you asked for it")
	w.want("main", "allow cookies")
}

// The link of a mail fills the code in where it was asked for, and shows it elsewhere. It spends
// nothing by itself, scripts or not.
func TestMailOnTelephone(t *testing.T) {
	s := newWebsite(t, nil)
	laptop, telephone := newWindow(t), newWindow(t)
	laptop.visit(s.URL)
	laptop.ask(ada)
	link := s.URL + "/code#c=" + s.codeTo(ada)

	telephone.visit(link)
	telephone.want("h1", "Enter the code where you asked for it")
	telephone.want("[data-code]", s.codeTo(ada))
	require.Equal(t, s.URL+"/code", get(telephone, chromedp.Location()),
		"the fragment is still there")

	laptop.visit("about:blank")
	laptop.visit(link)
	require.Equal(t, s.codeTo(ada), eval[string](laptop, `document.getElementById("code").value`))
	require.Equal(t, s.URL+"/code", get(laptop, chromedp.Location()), "the fragment is still there")
	laptop.wantFocus("password")
	laptop.want("main", "Attempts left: 5")

	laptop.submit(newPassword)
	laptop.want("h1", "Your password was changed")
}

// A budget that is used up leads back to the code.
func TestBudgetUsedUpOnTheCodePage(t *testing.T) {
	var allowed atomic.Bool
	allowed.Store(true)
	s := newWebsite(t, allowWhile(&allowed))
	w := newWindow(t)
	w.visit(s.URL)
	w.ask(ada)

	allowed.Store(false)
	w.fill("code", s.codeTo(ada))
	w.fill("password", newPassword)
	w.do(chromedp.Click(sendButton))
	w.wantSoon("main", "Too many requests are coming from your network.")

	allowed.Store(true)
	w.load(chromedp.Click(chromedp.CSS(".links a")))
	w.want("main", "Attempts left: 5")
	w.finish(s, ada)
}

// The script keeps to what the server allows, and the count-down ends by itself.
func TestCountDown(t *testing.T) {
	s := newWebsite(t, nil)
	w := newWindow(t)
	w.visit(s.URL)
	w.ask(ada)
	require.True(t, eval[bool](w, `document.querySelector(".again button").disabled`))

	// Sixty seconds in no time: the clock of the page goes on by itself.
	eval[string](w, `performance.now = () => 1e9; ""`)
	await(t, "the end of the wait", func() bool {
		return !eval[bool](w, `document.querySelector(".again button").disabled`)
	})
	require.False(t, eval[bool](w, `!!document.querySelector("[data-wait]")`))
}
