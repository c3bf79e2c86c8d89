package otpmail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
)

var noticeKinds = []otpmail.NoticeKind{
	otpmail.PasswordChanged, otpmail.AddressChanged, otpmail.NewDevice,
	otpmail.PaymentDetailsChanged, otpmail.AccountExists,
}

func notice(kind otpmail.NoticeKind, language string) otpmail.Notice {
	return otpmail.Notice{
		Kind: kind, Language: language,
		Time:    time.Date(2026, time.March, 12, 14, 5, 0, 0, time.UTC),
		Details: []otpmail.Detail{{Name: "IP", Value: "192.0.2.1"}},
	}
}

func TestNotices(t *testing.T) {
	s := newCatalog(t, acme())
	for _, language := range otpmail.Languages() {
		var text strings.Builder
		for _, kind := range noticeKinds {
			mail, err := s.Notice(notice(kind, language))
			require.NoError(t, err)
			require.NoError(t, mail.Check())
			text.WriteString("Subject: " + mail.Subject + "\n\n" + mail.Text + "\n")

			for _, body := range []string{mail.Text, mail.HTML} {
				assert.Contains(t, body, "14:05", language)
				assert.Contains(t, body, "192.0.2.1", language)
				assert.Contains(t, body, "help@acme.example", language)
				assert.NotRegexp(t, `\{[a-z_]+\}`, body, language)
			}
			assert.NotRegexp(t, `(?i)href|https?:`, mail.HTML, "%s: a link", language)
			assert.Contains(t, mail.Subject, "Acme", language)
		}
		golden(t, "notices-"+language+".txt", text.String())
	}

	catalog := newCatalog(t, otpmail.Options{Product: "Acme"})
	mail, err := catalog.Notice(notice(noticeKinds[0], "en"))
	require.NoError(t, err)
	require.NotContains(t, mail.Text, "help", "without Support")
}

func TestBadNotices(t *testing.T) {
	s := newCatalog(t, acme())
	now := time.Now()
	for want, n := range map[string]otpmail.Notice{
		"Notice.Kind is 0":    {Time: now},
		"Notice.Kind is 6":    {Time: now, Kind: 6},
		"Notice.Kind is -1":   {Time: now, Kind: -1},
		"Notice.Time is zero": {Kind: otpmail.NewDevice},
		"Notice.Details, after the time: the value of number 2: it is empty": {
			Kind: otpmail.NewDevice, Time: now, Details: []otpmail.Detail{{Name: "x"}},
		},
		"Notice.Details, after the time: there are 13: at": {
			Kind: otpmail.NewDevice, Time: now, Details: make([]otpmail.Detail, 12),
		},
	} {
		mail, err := s.Notice(n)
		require.ErrorContains(t, err, "otpmail: "+want)
		require.Zero(t, mail)
	}
}
