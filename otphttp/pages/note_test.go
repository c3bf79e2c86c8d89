package pages_test

import (
	"html/template"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// Another submission than the accepted one is told what became of it, not that it is done.
func TestSubmissionAfterAnAcceptedOne(t *testing.T) {
	s := newWebsite(t, nil)
	b := newBrowser(t, s)
	b.ask(ada)
	code := s.inbox.Code(t, ada)
	form := []string{"code", code, "password", "long enough", "idempotency_key", "the form"}

	b.submit("/code", form...).want(t, "Your password was changed")
	b.submit("/code", form...).want(t, "Your password was changed") // a repeat

	form[3] = "another one"
	b.submit("/code", form...).want(t, "The code was already used.")
	b.submit("/code", "code", wrong(code), "password", "long enough").
		want(t, "The code is no longer valid.")
	require.Equal(t, http.StatusSeeOther, b.get("/code").StatusCode, "it is done all the same")
	require.Equal(t, 2, s.done)
}

// What went wrong is told on the page that follows, also when that is loaded again, and not later.
func TestNotesDoNotLast(t *testing.T) {
	b := newBrowser(t, newWebsite(t, nil))
	b.get("/")

	b.submit("/", "email", "nobody").want(t, "Enter an address such as")
	b.get(b.last).want(t, "Enter an address such as")
	b.get("/").wantNot(t, "Enter an address such as")
}

// What failed can be sent once more, unless it must not run twice.
func TestUnfinished(t *testing.T) {
	for once, want := range map[bool]string{
		false: "it isn’t done. Please try again.",
		true:  "something went wrong on our side. Please ask for a new code.",
	} {
		s := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) { c.Once = once })
		b := newBrowser(t, s)
		b.ask(ada)
		form := []string{"code", s.inbox.Code(t, ada), "password", "long enough",
			"idempotency_key", "the form"}

		s.err = errBroken
		page := b.submit("/code", form...)
		page.want(t, want)
		if once {
			page.wantNot(t, `name="code"`)
			continue
		}

		require.Contains(t, page.text, `name="idempotency_key" value="the form"`)
		s.err = nil
		b.submit("/code", form...).want(t, "Your password was changed")
	}
}

// Links to where people sign in are for those who are not signed in, and keep where they go then.
func TestSignInLinks(t *testing.T) {
	for _, c := range []struct {
		kind otp.Kind
		page string
		want bool
	}{
		{otp.ResetPassword, "/?next=/orders", true},
		{otp.ConfirmAddress, "/?next=/orders", true},
		{otp.ChangeAddress, "/?next=/orders", false},
		{otp.ChangeAddress, "/nowhere?next=/orders", true},
	} {
		page := newBrowser(t, newWebsiteFor(t, c.kind, nil)).get(c.page)
		shown := strings.Contains(page.text, `href="./sign-in?next=%2Forders"`)
		require.Equal(t, c.want, shown, "%v %s", c.kind, c.page)
	}

	s := newWebsite(t, nil)
	b := newBrowser(t, s)
	b.ask(ada)
	b.submit("/code", "code", s.inbox.Code(t, ada), "password", "long enough")
	require.Equal(t, "./sign-in?next=%2Forders",
		b.get("/done?next=/orders").attr(`a class="button" href`))
}

// Who may solve a challenge to get another code is shown it, also while the code of before lives.
func TestChallengeBesideALiveCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWebsite(t, func(o *pages.Options, c *otphttp.Config) {
			o.Challenge = func(*http.Request) template.HTML { return "<p>Are you a person?</p>" }
			c.Challenge = func(r *http.Request) (bool, error) {
				return r.PostForm.Has("answer"), nil
			}
		})
		b := newBrowser(t, s)
		b.ask(ada)
		for range 4 { // SendLimits: five in an hour
			time.Sleep(2 * time.Minute)
			b.submit("/", "email", ada, "again", "yes").want(t, "Sent again.")
		}
		time.Sleep(time.Minute)

		page := b.submit("/", "email", ada, "again", "yes")
		page.want(t, "show that you’re a person", "Are you a person?", "Attempts left: 5")
		b.submit("/", "email", ada, "again", "yes", "answer", "yes").want(t, "Sent again.")
	})
}
