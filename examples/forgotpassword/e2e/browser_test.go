package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secretEnv is the setting of a secret, base64 of 33 bytes.
var secretEnv = "OTP_SECRET=" + strings.Repeat("s", 44)

// TestBrowser resets a password by keyboard on DynamoDB and SES: ask, read the mail, a wrong code,
// the right one, sign in.
func TestBrowser(t *testing.T) {
	s := newSystem(t)
	w := newWindow(t)
	w.visit(startServer(t, append(s.env, secretEnv)))

	w.wantFocus("address")
	w.submit(s.email)
	w.want("h1", "Enter the code")
	w.want("main", "Attempts left: 5")
	assert.True(t, eval[bool](w, `document.querySelector(".again button").disabled`),
		"one can ask again at once")
	before := w.text("[data-left]")
	await(
		t,
		"the count-down to go on",
		func() bool { return w.text(".again [data-left]") != before },
	)

	code := s.code()
	w.wantFocus("code")
	w.keys(wrong(code), kb.Tab, newPassword, kb.Enter)
	w.wantSoon("#code-error", "That’s not the code.")
	w.want("main", "Attempts left: 4")
	w.wantFocus("code")
	require.Equal(t, newPassword, eval[string](w, `document.getElementById("password").value`),
		"the password is to be typed again")

	w.fill("code", "")
	w.submit(code[:4] + " " + code[4:])
	w.want("h1", "Your password was changed")
	mails := s.mails()
	require.Len(t, mails, 2)
	assert.Contains(t, mails[1], "was changed")

	w.load(chromedp.Click(chromedp.CSS(".links a")))
	w.wantFocus("email")
	w.submit(s.email, kb.Tab, oldPassword)
	w.want("[role=alert]", "The address or the password is wrong.")
	w.wantFocus("password")
	w.submit(newPassword)
	w.want("[role=status]", "The password is right.")
}

// TestBrowserWithoutJavaScript does it where no script runs.
func TestBrowserWithoutJavaScript(t *testing.T) {
	s := newWebsite(t, nil)
	w := newWindow(t)
	w.withoutScripts()

	w.visit(s.URL)
	w.wantFocus("address")
	w.submit(ada)
	w.want("main", "You can ask for another code in")
	code := s.codeTo(ada)
	w.wantFocus("code")
	w.submit(wrong(code), kb.Tab, newPassword)
	w.want("#code-error", "That’s not the code.")
	w.wantFocus("code")
	require.Equal(t, wrong(code), eval[string](w, `document.getElementById("code").value`),
		"there is nothing to correct a digit in")

	w.fill("code", code)
	w.wantFocus("code")
	w.submit(kb.Tab, newPassword)
	w.want("h1", "Your password was changed")
}

func (w *window) withoutScripts() {
	w.t.Helper()
	call(w, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
}

// TestLaptop looks at the pages that only development has.
func TestLaptop(t *testing.T) {
	w := newWindow(t)
	url := startServer(t, os.Environ())

	w.visit(url)
	w.want(".banner", "No mail leaves this computer")
	w.ask(ada)
	w.visit(url + "/mailbox")
	w.want(".mail", "Reset your password for Acme")
	w.visit(url + "/.well-known/change-password")
	require.Equal(t, url+"/", get(w, chromedp.Location()))
}

// TestShowPassword shows what is typed, and hides it again.
func TestShowPassword(t *testing.T) {
	s := newWebsite(t, nil)
	w := newWindow(t)
	w.visit(s.URL)
	w.ask(ada)

	fieldType := func() string {
		return eval[string](w, `document.querySelector("#password").type`)
	}
	require.Equal(t, "password", fieldType())
	w.do(chromedp.Click(chromedp.CSS(".show")))
	require.Equal(t, "text", fieldType())
	w.want(".show", "Hide password")
	w.do(chromedp.Click(chromedp.CSS(".show")))
	require.Equal(t, "password", fieldType())
}
