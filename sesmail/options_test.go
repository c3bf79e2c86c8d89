package sesmail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"
)

func TestFrom(t *testing.T) {
	for from, want := range map[string]struct{ header, subject string }{
		"a@mail.example":        {"a@mail.example", "Your code for mail.example"},
		"Acme <a@acme.example>": {`"Acme" <a@acme.example>`, "Your code for Acme"},
		`"Acme, Inc." <a@Acme.Example>`: {
			`"Acme, Inc." <a@acme.example>`, "Your code for Acme, Inc.",
		},
		"Bücher <x@bücher.example>": {
			"=?utf-8?q?B=C3=BCcher?= <x@xn--bcher-kva.example>", "Your code for Bücher",
		},
	} {
		api := &fakeAPI{}
		s, err := sesmail.New(api, from, nil)
		require.NoError(t, err, from)
		require.NoError(t, s.Send(t.Context(), message()))
		require.Equal(t, want.header, *api.inputs[0].FromEmailAddress)
		require.Equal(t, want.subject, *api.inputs[0].Content.Simple.Subject.Data)
	}
}

func TestBadFrom(t *testing.T) {
	for _, from := range []string{
		"", "acme", "a@localhost", "a@acme.example, b@acme.example",
		"Acme\r\nBcc: eve@evil.example <a@acme.example>",
		"=?utf-8?q?Acme=0D=0ABcc:_eve@evil.example?= <a@acme.example>",
		"=?utf-8?q?Ac=E2=80=A8me?= <a@acme.example>", `"a@evil.com"@example.com`,
		strings.Repeat("A", 65) + " <a@acme.example>",
	} {
		s, err := sesmail.New(&fakeAPI{}, from, nil)
		require.ErrorContains(t, err, "sesmail: from is ", from)
		require.Nil(t, s)
	}
}

// A domain that is no name for a product asks for a Renderer.
func TestLongDomain(t *testing.T) {
	from := "a@" + strings.Repeat("d", 60) + ".example"
	_, err := sesmail.New(&fakeAPI{}, from, nil)
	require.ErrorContains(t, err, "the default of Options.Renderer")

	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	require.NoError(t, err)
	_, err = sesmail.New(&fakeAPI{}, from, &sesmail.Options{Renderer: mails})
	require.NoError(t, err)
}

func TestBadOptions(t *testing.T) {
	const messageIDTag = "otp-message-id"
	for _, client := range []sesmail.API{nil, (*fakeAPI)(nil)} {
		_, err := sesmail.New(client, from, nil)
		require.ErrorContains(t, err, "client is nil")
	}

	long := strings.Repeat("a", 257)
	for want, opts := range map[string]sesmail.Options{
		`ReplyTo is "Help <help@acme.example>"`:    {ReplyTo: "Help <help@acme.example>"},
		`Feedback is "a@acme.example,b@c.example"`: {Feedback: "a@acme.example,b@c.example"},
		`ConfigurationSet is "a b"`:                {ConfigurationSet: "a b"},
		`ConfigurationSet is "a`:                   {ConfigurationSet: long[:65]},
		`Tags has "a b" = "c"`:                     {Tags: map[string]string{"a b": "c"}},
		`Tags has "a" = "b.c"`:                     {Tags: map[string]string{"a": "b.c"}},
		`Tags has "a" = ""`:                        {Tags: map[string]string{"a": ""}},
		`Tags has "a" = "a`:                        {Tags: map[string]string{"a": long}},
		`Tags has "otp-purpose"`:                   {Tags: map[string]string{"otp-purpose": "x"}},
		`Tags has "otp-message-id"`:                {Tags: map[string]string{messageIDTag: "x"}},
	} {
		s, err := sesmail.New(&fakeAPI{}, from, &opts)
		require.ErrorContains(t, err, "sesmail: Options."+want)
		require.Nil(t, s)
	}
}
