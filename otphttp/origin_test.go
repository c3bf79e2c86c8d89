package otphttp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otphttp"
)

const spa = "https://app.example.com"

// What another site makes a browser send is refused, and a GET that acts among it.
func TestCrossOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		origin, fetchSite string
		status            int
	}{
		"no browser":                    {"", "", 202},
		"this origin":                   {site, "same-origin", 202},
		"this origin, an older browser": {site, "", 202},
		"typed by the person":           {"", "none", 202},
		"a listed origin":               {spa, "same-site", 202},
		"a listed origin, older":        {spa, "", 202},
		"another origin of this site":   {"https://blog.example.com", "same-site", 403},
		"another site":                  {"https://evil.example", "cross-site", 403},
		"another site, older":           {"https://evil.example", "", 403},
		"nowhere":                       {"null", "cross-site", 403},
		"nowhere, older":                {"null", "", 403},
		"the listed host by plain HTTP": {"http://app.example.com", "cross-site", 403},
		"a host that begins alike":      {spa + ".evil.example", "cross-site", 403},
		"another site, no origin":       {"", "cross-site", 403},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			t.Run(name+" "+method, func(t *testing.T) {
				s := newService(t, func(c *otphttp.Config) {
					c.Origins, c.AllowGET = []string{spa}, true
				})
				mux := http.NewServeMux()
				mux.HandleFunc("/codes/{email}", s.ServeSend)
				mux.HandleFunc("/codes", s.ServeSend)

				client := newClient(t)
				r := request(http.MethodGet, "/codes/ada@example.com")
				if method == http.MethodPost {
					r = formOf("email=ada%40example.com")
					r.URL.Path = "/codes"
				}
				for header, value := range map[string]string{
					"Origin": c.origin, "Sec-Fetch-Site": c.fetchSite,
				} {
					if value != "" {
						r.Header.Set(header, value)
					}
				}

				reply := client.do(mux.ServeHTTP, r)
				require.Equal(t, c.status, reply.StatusCode, reply.text)
				assert.Equal(t, c.status == 202, len(s.inbox.Messages()) == 1)

				allowed := ""
				if c.origin == spa {
					allowed = spa
				}
				assert.Equal(t, allowed, reply.Header.Get("Access-Control-Allow-Origin"))
				assert.Equal(t, []string{"Origin"}, reply.Header.Values("Vary"))
			})
		}
	}
}

func body(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func TestPreflight(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) { c.Origins = []string{spa} })
	preflight := func(handler http.HandlerFunc, origin string) reply {
		r := request(http.MethodOptions, "/")
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		return newClient(t).do(handler, r)
	}

	for methods, handler := range map[string]http.HandlerFunc{
		"POST": s.ServeSend, "GET, POST": s.ServeStatus,
	} {
		h := preflight(handler, spa)
		require.Equal(t, http.StatusNoContent, h.StatusCode)
		assert.Equal(t, spa, h.Header.Get("Access-Control-Allow-Origin"))
		assert.Equal(t, "true", h.Header.Get("Access-Control-Allow-Credentials"))
		assert.Equal(t, methods, h.Header.Get("Access-Control-Allow-Methods"))
		assert.Equal(t, "Content-Type, Idempotency-Key",
			h.Header.Get("Access-Control-Allow-Headers"))

		refused := preflight(handler, "https://evil.example")
		require.GreaterOrEqual(t, refused.StatusCode, 400)
		assert.Empty(t, refused.Header.Get("Access-Control-Allow-Origin"))
	}
}

// Without origins there is nothing that an answer varies by.
func TestNoOrigins(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	c.header.Set("Origin", site)

	reply := c.post(s.ServeSend, "email", ada)
	reply.want(t, 202, "")
	assert.Empty(t, reply.Header.Get("Vary"))
	assert.Empty(t, reply.Header.Get("Access-Control-Allow-Origin"))
}
