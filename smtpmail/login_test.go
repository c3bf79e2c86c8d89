package smtpmail_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// Dovecot takes access tokens that a service vouches for, by both mechanisms, short and long ones.
func TestTokens(t *testing.T) {
	long := strings.Repeat("long", 500) // more than a line of AUTH takes
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		good := slices.Contains([]string{"good", long}, r.URL.Query().Get("token"))
		fmt.Fprintf(w, `{"active": %t, "username": %q}`, good, username)
	}))
	t.Cleanup(service.Close)
	relay := startRelayWith(t, "oauthbearer xoauth2", "{PLAIN}"+password, service.URL+"/?token=")

	for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
		for token, want := range map[string]class{"good": sent, long: sent, "bad": notSent} {
			t.Run(fmt.Sprintf("%s %.4s", mechanism, token), func(t *testing.T) {
				c := configFor(relay.startTLS)
				c.Password, c.Mechanisms = "", []string{mechanism}
				c.Token = func(context.Context) (string, error) { return token, nil }

				err := newSender(t, c).Send(t.Context(), message(ada))
				require.Equal(t, want, classOf(t, err), "%v", err)
				if want == notSent {
					require.EqualError(t, err, "smtpmail: not sent: AUTH "+mechanism+
						": the server answered 535 5.7.8")
				}
			})
		}
	}
	relay.mails(t, ada, 4)
}

// What a function for tokens may do wrong.
func TestTokenFails(t *testing.T) {
	server := startScripted(t, fault{})
	secret := errors.New("client secret hunter2 is wrong")
	for name, token := range map[string]func(context.Context) (string, error){
		"it fails":        func(context.Context) (string, error) { return "", secret },
		"it has none":     func(context.Context) (string, error) { return "", nil },
		"it has a second": func(context.Context) (string, error) { return "a\r\nAUTH", nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := configFor(server.address)
			c.Password, c.Token = "", token
			err := newSender(t, c).Send(t.Context(), message(ada))
			require.ErrorIs(t, err, otp.ErrNotSent)
			require.ErrorContains(t, err, "smtpmail: not sent: AUTH: Config.Token ")
			require.NotContains(t, err.Error(), "hunter2")
			require.Equal(t, name == "it fails", errors.Is(err, secret))
		})
	}
}

// A mechanism that is not possible for the account is passed over, by the same connection, and not
// tried again with the next one.
func TestNextMechanism(t *testing.T) {
	hash := sha256.Sum256([]byte(password))
	stored := "{SHA256}" + base64.StdEncoding.EncodeToString(hash[:]) // no SCRAM with it
	relay := startRelayWith(t, allMechanisms, stored, "")
	proxy := startProxy(t, relay.startTLS, 0)
	c := configFor(proxy.address)
	sender := newSender(t, c)
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.EqualValues(t, 1, proxy.connections.Load())

	c.Password = "a guess"
	err := newSender(t, c).Send(t.Context(), message(ada))
	require.EqualError(t, err, "smtpmail: not sent: AUTH CRAM-MD5: the server answered 535 5.7.8")

	c.Password, c.Mechanisms = password, []string{"SCRAM-SHA-256"}
	require.ErrorIs(t, newSender(t, c).Send(t.Context(), message(ada)), otp.ErrNotSent)
	relay.mails(t, ada, 1)
}

// Check finds out what is wrong before the first mail, and leaves it a connection.
func TestCheck(t *testing.T) {
	server, sender := startSending(t, fault{})
	require.NoError(t, sender.Check(t.Context()))
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, 1, server.seen().connections)

	server.fail(fault{step: "AUTH", reply: "535 5.7.8 no"})
	err := sender.Check(t.Context())
	require.ErrorIs(t, err, otp.ErrNotSent, "it logs in anew")
	require.EqualError(t, err, "smtpmail: not sent: AUTH LOGIN: the server answered 535 5.7.8")
	require.Equal(t, 1, server.seen().most)
	require.Equal(t, 1, server.seen().announced)

	require.NoError(t, sender.Close())
	require.EqualError(t, sender.Check(t.Context()), "smtpmail: not sent: the Sender is closed")
}
