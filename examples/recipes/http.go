package recipes

import (
	"errors"
	"net/http"

	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// Numbers are the accounts of a service that people know by their telephone number.
type Numbers map[string]string // name by number in E.164

// Find is Config.Find where Config.AddressField is "phone" and the Service has otpsms.Normalize.
func (n Numbers) Find(_ *http.Request, typed string) (otphttp.Recipient, error) {
	to, err := otpsms.Normalize(typed)
	if err != nil {
		return otphttp.Recipient{}, numberProblem(err)
	}
	_, known := n[to]
	return otphttp.Recipient{To: to, Known: known}, nil
}

// numberProblem says what is wrong with a number, for handlers of one's own. Pages need none of it:
// they have sentences for what otpsms.Normalize refuses.
func numberProblem(err error) *otphttp.Problem {
	p := &otphttp.Problem{
		Status: http.StatusBadRequest, Code: otphttp.AddressInvalid, Field: "phone",
		Detail: "Enter the number with its country code, such as +49 151 12345678.", Err: err,
	}
	refused, ok := errors.AsType[*otpsms.NumberError](err)
	if ok && refused.Problem == otpsms.ProblemTrunkPrefix {
		p.Code = otphttp.ProblemCode(refused.Problem)
		p.Detail = "Leave out the 0 that is dialed only within the country."
	}
	return p
}

// Forms are handlers of one's own on a Flow: they answer by redirects.
type Forms struct {
	Flow *otphttp.Flow
	Tell func(w http.ResponseWriter, r *http.Request, p *otphttp.Problem) // in the form
}

// Ask sends a code. With a code that is live the person goes on, though it was asked for too soon;
// a challenge is shown all the same, since it is what brings a new code.
func (f *Forms) Ask(w http.ResponseWriter, r *http.Request) {
	state, err := f.Flow.Send(w, r)
	problem := otphttp.ProblemOf(err)
	if err == nil || state.Status.Live && tooSoon(problem) {
		http.Redirect(w, r, "/code", http.StatusSeeOther)
		return
	}
	f.Tell(w, r, problem)
}

// tooSoon reports whether there is nothing to do but to wait.
func tooSoon(p *otphttp.Problem) bool {
	return p.Status == http.StatusTooManyRequests && p.Code != otphttp.ChallengeRequired
}

// Enter takes the code. State says how many attempts are left where it was wrong.
func (f *Forms) Enter(w http.ResponseWriter, r *http.Request) {
	state, err := f.Flow.Verify(w, r)
	switch {
	case err != nil:
		f.Tell(w, r, otphttp.ProblemOf(err))
	case !state.Answered: // by Done
		http.Redirect(w, r, "/account", http.StatusSeeOther)
	}
}
