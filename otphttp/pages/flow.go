package pages

import (
	"cmp"
	"crypto/rand"
	"html/template"
	"net/http"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// resendField marks the form that asks again on the page of the code.
const resendField = "again"

// challengeField marks the form that shows a challenge.
const challengeField = "challenge"

// challengeFailed is the problem of who has sent a challenge without an answer that counts: none,
// or one that is wrong, used before or too old.
const challengeFailed otphttp.ProblemCode = "challenge_failed"

// showAsk asks for the address.
func (p *Pages) showAsk(w http.ResponseWriter, r *http.Request) {
	n := p.note(r, "ask")
	page := p.newPage(r, "ask")
	page.Nonce = p.flow.Nonce(w, r)
	page.Title, page.Address, page.RetryAt = page.text("title."+page.Kind()), n.Address, n.RetryAt
	if !page.Typed() {
		recipient, err := p.flow.Config().Find(r, "")
		if err != nil {
			p.showError(w, r, err)
			return
		}
		page.Details = details(page, recipient.Data)
	}
	p.tell(r, page, n)

	p.render(w, http.StatusOK, page)
}

// postAsk sends the code.
func (p *Pages) postAsk(w http.ResponseWriter, r *http.Request) {
	if !p.bound(r) {
		p.showMessage(w, http.StatusForbidden, p.newPage(r, "message"), "cookies_title", "cookies")
		return
	}

	state, err := p.flow.Send(w, r)

	switch {
	case state.Answered:
	case err == nil && state.Accepted:
		p.dropNote(w)
		p.leadOn(w, r)
	case err == nil:
		p.leadToNote(w, r, "code", note{Page: "code", Sent: r.PostForm.Has(resendField)})
	case state.Status.Live && tooSoon(otphttp.ProblemOf(err)):
		// The code of before is there to be entered.
		p.dropNote(w)
		p.leadTo(w, r, "code")
	default:
		p.refuse(w, r, err, state)
	}
}

// tooSoon reports whether there is nothing to do but to wait.
func tooSoon(problem *otphttp.Problem) bool {
	return problem.Status == http.StatusTooManyRequests && problem.Code != otphttp.ChallengeRequired
}

// refuse tells why no code was sent: on the page that has asked for it, or on that of a live code.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, err error, state otphttp.State) {
	problem := otphttp.ProblemOf(err)
	if !tellable(problem) {
		p.showError(w, r, problem)
		return
	}

	n := noteOf(problem, state.Proved)
	n.Page, n.Address = "ask", r.PostForm.Get(p.flow.Config().AddressField)
	if problem.Code == otphttp.ChallengeRequired && r.PostForm.Has(challengeField) {
		n.Problem = string(challengeFailed)
	}
	if problem.CodeStatus != nil {
		n.RetryAt = problem.CodeStatus.RetryAt
	}

	path := ""
	if r.PostForm.Has(resendField) || state.Status.Live {
		n.Page, path = "code", "code"
	}
	p.leadToNote(w, r, path, n)
}

// tellable reports whether the problem is told in the form, after a redirect. Others have a page of
// their own: the request was not one of these forms, or the client has no budget for more.
func tellable(problem *otphttp.Problem) bool {
	switch problem.Code {
	case otphttp.CrossOrigin, otphttp.MalformedBody, otphttp.UnsupportedMediaType,
		otphttp.BodyTooLarge, otphttp.TooManyRequests:
		return false
	}
	return true
}

// missing reports whether the browser has asked for nothing.
func missing(err error) bool {
	return err != nil && otphttp.ProblemOf(err).Code == otphttp.SessionMissing
}

// showCode asks for the code.
func (p *Pages) showCode(w http.ResponseWriter, r *http.Request) {
	state, err := p.flow.Status(w, r)

	switch {
	case missing(err):
		p.showElsewhere(w, r)
	case err != nil:
		p.showError(w, r, err)
	case state.Accepted && p.note(r, "code").Problem == "":
		p.leadOn(w, r)
	default: // also where another submission than the accepted one was refused
		p.flow.Binding(w, r)
		p.renderCode(w, r, state)
	}
}

// showElsewhere tells a browser that has asked for nothing where the code belongs: the message was
// opened on another device, say.
func (p *Pages) showElsewhere(w http.ResponseWriter, r *http.Request) {
	p.flow.Binding(w, r)

	page := p.newPage(r, "message")
	page.ShowCode = true
	p.showMessage(w, http.StatusOK, page, "elsewhere_title", "elsewhere")
}

func (p *Pages) renderCode(w http.ResponseWriter, r *http.Request, state otphttp.State) {
	n := p.note(r, "code")

	page := p.newPage(r, "code")
	page.Title, page.Address, page.Code = page.text("code_title"), state.Address, n.Code
	page.Status, page.RetryAt, page.Key = state.Status, state.Status.RetryAt, rand.Text()
	page.Proved = state.Proved && n.Problem != string(otphttp.CodeUsed) // the proof is spent
	page.Open = state.Status.Live || page.Proved
	page.Details = details(page, state.Data)
	if page.Proved {
		page.Title = page.text("proved_title")
	}
	if n.Key != "" { // the same submission once more finishes what an accepted code allows
		page.Open, page.Key = true, n.Key
	}

	if n.Sent {
		page.Notice = page.text("sent_again")
	}
	p.tell(r, page, n)
	p.tellState(page, n, state.Accepted)

	p.render(w, http.StatusOK, page)
}

// tellState says what to do where no code can be used: the form is not shown then.
func (p *Pages) tellState(page *Page, n note, accepted bool) {
	if page.Open {
		return
	}

	key := "dead"
	switch {
	case n.Problem == "code_mismatch" && accepted:
		key = "error.code_missing"
	case n.Problem == "code_mismatch":
		key = "error.code_exhausted"
	case page.Status.Locked:
		key = "error.locked"
	case n.Problem == string(otphttp.Unfinished):
		key = "error.unfinished_once" // no repeat finishes it
	case page.texts.find("error."+n.Problem, p.options.Phone) != "":
		key = "error." + n.Problem
	}
	page.Errors, page.Alert = nil, page.text(key)
}

// tell puts the problem of a note where it belongs on the page.
func (p *Pages) tell(r *http.Request, page *Page, n note) {
	if n.Problem == "" {
		return
	}

	field := n.Field
	if strings.HasPrefix(n.Problem, "code_") {
		field = page.CodeField
	}

	switch text := p.problemText(page, n); {
	case n.Problem == "address_mismatch":
		page.Alert, page.Code = text, ""
	case field == page.CodeField, field == page.AddressField, field == p.options.PasswordField:
		page.Errors = map[string]template.HTML{field: text}
	default:
		page.Alert = text
	}

	challenged := n.Problem == "challenge_required" || n.Problem == string(challengeFailed)
	if challenged && p.options.Challenge != nil {
		page.Challenge = p.options.Challenge(r)
	}
}

// problemText is in the language of the page where the problem is known, else what the application
// has said.
func (p *Pages) problemText(page *Page, n note) template.HTML {
	key, number := problemKey(otphttp.ProblemCode(n.Problem)), p.options.MinPassword
	switch {
	case n.Problem == "password_too_long":
		number = p.options.MaxPassword
	case n.Problem == "challenge_required" && p.options.Challenge == nil:
		key = "error.send_limited"
	case page.texts.find(key, p.options.Phone) == "":
		return template.HTML(template.HTMLEscapeString(n.Detail))
	}
	return page.text(key, number)
}

// postCode verifies the code.
func (p *Pages) postCode(w http.ResponseWriter, r *http.Request) {
	state, err := p.flow.Verify(w, r)

	switch {
	case state.Answered:
	case err == nil:
		p.dropNote(w)
		p.leadOn(w, r)
	default:
		p.refuseCode(w, r, otphttp.ProblemOf(err), state.Proved)
	}
}

// refuseCode tells why the code was not accepted, on its page.
func (p *Pages) refuseCode(
	w http.ResponseWriter, r *http.Request, problem *otphttp.Problem, proved bool,
) {
	if !tellable(problem) {
		p.showError(w, r, problem)
		return
	}

	n := noteOf(problem, proved)
	n.Page, n.Code = "code", r.PostForm.Get(p.flow.Config().CodeField)
	if problem.Code == otphttp.Unfinished && !p.flow.Config().Once {
		n.Key = r.PostForm.Get("idempotency_key")
	}
	p.leadToNote(w, r, "code", n)
}

// leadOn leads to where the person goes once all is done.
func (p *Pages) leadOn(w http.ResponseWriter, r *http.Request) {
	if p.kind() == otp.SignIn {
		redirect(w, p.onward(r))
		return
	}

	p.leadTo(w, r, "done")
}

// showDone says what was done, to the browser in which it was.
func (p *Pages) showDone(w http.ResponseWriter, r *http.Request) {
	state, err := p.flow.Status(w, r)

	switch {
	case err != nil && !missing(err):
		p.showError(w, r, err)
	case !state.Accepted:
		p.leadTo(w, r, "")
	default:
		page := p.newPage(r, "done")
		page.Title, page.Address = page.text("done."+page.Kind()), state.Address
		p.render(w, http.StatusOK, page)
	}
}

// showError answers with a page of its own.
func (p *Pages) showError(w http.ResponseWriter, r *http.Request, err error) {
	problem := otphttp.ProblemOf(err)

	page := p.newPage(r, "message")
	if r.URL.Path == p.options.Path+"code" {
		page.Back = "code"
	}
	if problem.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "60")
	}
	page.Title, page.Message = page.text("error_title"), p.problemText(page, noteOf(problem, false))
	if page.Message == "" {
		page.Message = page.text("error.unavailable")
	}
	p.render(w, cmp.Or(problem.Status, http.StatusUnprocessableEntity), page)
}

// showMessage answers with a page that has a text and a way on.
func (p *Pages) showMessage(w http.ResponseWriter, status int, page *Page, title, text string) {
	page.Title, page.Message = page.text(title), page.text(text)

	p.render(w, status, page)
}

// details returns what a code of otp.ConfirmTransaction confirms, as the mail has it.
func details(page *Page, data any) []otpmail.Detail {
	if detailed, ok := data.(otpmail.Detailed); ok && !page.Typed() {
		return detailed.MailDetails(page.Language)
	}
	return nil
}
