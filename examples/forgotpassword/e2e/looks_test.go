package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A look is a way in which people see a page.
type look struct {
	name, scheme string
	width        int64
	text         string // size of the text
}

var looks = []look{
	{"desktop", "light", 1024, "100%"},
	{"narrow", "light", 320, "100%"},
	{"dark", "dark", 480, "100%"},
	{"large", "light", 640, "200%"},
}

// inspect looks at the page in every way: nothing may need scrolling sideways, and axe-core may
// find nothing. Languages differ in direction and text, not in color: one look is enough for all
// but one.
func (w *window) inspect(name string) {
	w.t.Helper()
	for _, l := range looks {
		call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
		})
		w.do(chromedp.EmulateViewport(l.width, 720))
		eval[string](w, `document.documentElement.style.fontSize = "`+l.text+`"`)

		needed := eval[int64](w, `document.documentElement.scrollWidth`)
		assert.LessOrEqual(w.t, needed, l.width, "%s in the look %s must be scrolled", name, l.name)
		if l == looks[0] || strings.HasPrefix(name, "en-") {
			assert.Empty(w.t, w.violations(), "%s in the look %s", name, l.name)
		}
	}

	w.do(chromedp.EmulateViewport(1024, 720))
	eval[string](w, `document.documentElement.style.fontSize = ""`)
}

// violations returns what axe-core finds against WCAG 2.2 A and AA and against good practice. That
// is all that Lighthouse scores in its category of accessibility, which runs axe-core with the same
// tags and names a few more rules.
func (w *window) violations() []string {
	w.t.Helper()
	axe, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(w.t, err, "run `make setup`")

	// Parameters of the protocol are not subject to the page's Content-Security-Policy.
	get(w, chromedp.Evaluate[any]("if (!window.axe) {"+string(axe)+"} 0"))
	const run = `(async () => {
		const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
		const more = ["identical-links-same-purpose", "label-content-name-mismatch",
			"table-fake-caption", "td-has-header"];
		const rules = Object.fromEntries(more.map(name => [name, {enabled: true}]));
		const found = await axe.run(document, {runOnly: tags, rules});
		return found.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" "));
	})()`
	return get(w, chromedp.Evaluate[[]string](run, chromedp.EvalAwaitPromise))
}

// TestAccessibility walks through every state of the pages, in a language that is written from the
// left and in one that is written from the right.
func TestAccessibility(t *testing.T) {
	for _, language := range []string{"en", "ar"} {
		t.Run(language, func(t *testing.T) { testAccessibility(t, language) })
	}
}

func testAccessibility(t *testing.T, language string) {
	s := newWebsite(t, nil)
	w := newWindow(t)
	call(w, network.Enable, network.EnableParams{})
	call(w, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": language},
	})
	inspect := func(name string) { w.inspect(language + "-" + name) }

	w.visit(s.URL + "/code#c=12345678")
	inspect("elsewhere")
	w.visit(s.URL + "/nowhere")
	inspect("not-found")

	w.visit(s.URL)
	inspect("ask")
	w.ask("ada@x")
	inspect("ask-refused")
	w.ask(ada)
	inspect("code")

	code := s.codeTo(ada)
	w.fill("code", wrong(code))
	w.fill("password", newPassword)
	w.do(chromedp.Click(sendButton))
	await(
		t,
		"the refusal",
		func() bool { return eval[bool](w, `!!document.querySelector("#code-error")`) },
	)
	inspect("code-refused")

	w.fill("code", code)
	w.fill("password", "password password")
	w.do(chromedp.Click(sendButton))
	await(
		t,
		"the refusal",
		func() bool { return eval[bool](w, `!!document.querySelector("#password-error")`) },
	)
	inspect("password-refused")

	w.fill("password", newPassword)
	w.load(chromedp.Click(sendButton))
	require.Contains(t, get(w, chromedp.Location()), "/done")
	inspect("done")

	w.visit(s.URL + "/sign-in")
	inspect("sign-in")
	w.visit(s.URL + "/mailbox")
	inspect("mailbox")

	testDeadStates(t, s, w, inspect)
}

// testDeadStates looks at the pages on which no code can be entered.
func testDeadStates(t *testing.T, s *website, w *window, inspect func(string)) {
	w.visit(s.URL)
	w.ask(grace)
	code := s.codeTo(grace)
	for range 5 {
		w.fill("code", wrong(code))
		w.fill("password", newPassword)
		eval[string](w, `document.querySelector("form").dataset.old = "yes"`)
		w.do(chromedp.Click(sendButton))
		await(t, "the refusal", func() bool {
			return eval[bool](w, `!document.querySelector("form")?.dataset.old`)
		})
	}
	require.False(t, eval[bool](w, `!!document.querySelector("#code")`), "a dead form is shown")
	inspect("exhausted")

	w.visit(s.URL)
	call(w, network.ClearBrowserCookies, cdp.Empty{})
	w.ask(grace)
	inspect("cookies-blocked")
}
