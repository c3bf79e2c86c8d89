package recipes_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// A number has many spellings: the code works under another one, and what is no number is told so.
func TestFormsOverNumbers(t *testing.T) {
	config, inbox := newConfig(t, otp.Config{Normalize: otpsms.Normalize})
	config.AddressField = "phone"
	config.Find = recipes.Numbers{"+4915112345678": "Ada"}.Find
	p := newPoster(t, config)

	assert.Empty(t, p.post(p.Ask, "phone=0151+12345678"))
	assert.Contains(t, p.told.Detail, "with its country code")
	assert.Empty(t, p.post(p.Ask, "phone=%2B34+0612+345+678"))
	assert.Contains(t, p.told.Detail, "Leave out the 0")
	assert.Equal(t, "/code", p.post(p.Ask, "phone=%2B49+151+12345678"))
	assert.Equal(t, "/code", p.post(p.Ask, "phone=%2B49+151+12345678"), "too soon: it is live")
	assert.Empty(t, p.post(p.Enter, "code=x"))
	assert.Contains(t, p.told.Detail, "No attempt was lost")
	code := inbox.Code(t, "+4915112345678")
	assert.Equal(t, "/account", p.post(p.Enter, "phone=004915112345678&code="+code))
}

// Who has a live code and asks for another one too soon is shown the challenge.
func TestFormsShowTheChallenge(t *testing.T) {
	config, _ := newConfig(t, otp.Config{})
	config.Challenge = func(r *http.Request) (bool, error) {
		return r.PostForm.Get("challenge") == "solved", nil
	}
	p := newPoster(t, config)

	assert.Equal(t, "/code", p.post(p.Ask, "email=ada@mail.example"))
	assert.Empty(t, p.post(p.Ask, "email=ada@mail.example"))
	assert.Equal(t, otphttp.ChallengeRequired, p.told.Code)
	assert.Equal(t, "/code", p.post(p.Ask, "email=ada@mail.example&challenge=solved"))
}
