package otphttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp/otphttp"
)

func TestBodies(t *testing.T) {
	s := newService(t, nil)
	const (
		jsonType, formType     = "application/json", "application/x-www-form-urlencoded"
		malformed, unsupported = "malformed_body", "unsupported_media_type"
		invalid, large         = "address_invalid", "body_too_large"
	)
	long := strings.Repeat("a", 16<<10)

	for name, c := range map[string]struct {
		contentType, body string
		status            int
		code              string
	}{
		"JSON":               {jsonType, `{"email": "x@example.com"}`, 202, ""},
		"with a charset":     {jsonType + "; charset=utf-8", `{"email": "y@example.com"}`, 202, ""},
		"form":               {formType, "email=z%40example.com", 202, ""},
		"other members":      {jsonType, `{"email": "v@example.com", "locale": "en"}`, 202, ""},
		"cut":                {jsonType, `{"email":`, 400, malformed},
		"not closed":         {jsonType, `{"email": "ada@example.com"`, 400, malformed},
		"nothing":            {jsonType, "", 400, malformed},
		"null":               {jsonType, "null", 400, malformed},
		"string":             {jsonType, `"ada@example.com"`, 400, malformed},
		"array":              {jsonType, `[{"email": "ada@example.com"}]`, 400, malformed},
		"two objects":        {jsonType, `{"email": "ada@example.com"}{}`, 400, malformed},
		"a member twice":     {jsonType, `{"email": "a@b.c", "email": "d@e.f"}`, 400, malformed},
		"number":             {jsonType, `{"email": 1}`, 400, malformed},
		"null member":        {jsonType, `{"email": null}`, 400, malformed},
		"array member":       {jsonType, `{"email": ["ada@example.com"]}`, 400, malformed},
		"deep":               {jsonType, strings.Repeat("[", 9000), 400, malformed},
		"not UTF-8":          {jsonType, "{\"email\": \"ada\xff@example.com\"}", 400, malformed},
		"form, twice":        {formType, "email=a%40b.c&email=d%40e.f", 400, malformed},
		"form, not UTF-8":    {formType, "email=%ff%40example.com", 400, malformed},
		"form, bad escape":   {formType, "email=%zz", 400, malformed},
		"too large":          {jsonType, `{"email": "` + long + `"}`, 413, large},
		"form, too large":    {formType, "email=" + long, 413, large},
		"no type":            {"", `{"email": "ada@example.com"}`, 415, unsupported},
		"text":               {"text/plain", `{"email": "ada@example.com"}`, 415, unsupported},
		"multipart":          {"multipart/form-data; boundary=x", "--x--", 415, unsupported},
		"bad type":           {"application/json; =", `{"email": "a@b.c"}`, 415, unsupported},
		"no address":         {jsonType, `{}`, 400, invalid},
		"empty address":      {jsonType, `{"email": " "}`, 400, invalid},
		"no such address":    {jsonType, `{"email": "ada"}`, 400, invalid},
		"control characters": {jsonType, `{"email": "a@b.c\r\nBcc: d@e.f"}`, 400, invalid},
		"long address":       {jsonType, `{"email": "@` + long[:320] + `"}`, 400, invalid},
	} {
		t.Run(name, func(t *testing.T) {
			c2 := newClient(t)
			d := c2.postBody(s.ServeSend, c.contentType, c.body).want(t, c.status, c.code)
			if c.code != "" {
				assert.Equal(t, c.status, d.Status)
				assert.Equal(t, http.StatusText(c.status), d.Title)
				assert.NotEmpty(t, d.Detail)
			}
		})
	}
	assert.Empty(t, s.inbox.Messages())
}

// A middleware may have read the form, or the handler around the Flow the body.
func TestBodiesThatWereRead(t *testing.T) {
	form := func(r *http.Request) { _ = r.PostFormValue("csrf_token") }
	for name, c := range map[string]struct {
		before func(*http.Request)
		json   bool
		body   string
		status int
	}{
		"a form":                 {form, false, "email=ada%40example.com", 202},
		"a form, a member twice": {form, false, "email=a%40b.c&email=d%40e.f", 400},
		"a form, too large":      {form, false, "email=x&x=" + strings.Repeat("x", 16<<10), 413},
		"a form, not UTF-8":      {form, false, "email=%ff%40example.com", 400},
		"JSON":                   {form, true, `{"email": "ada@example.com"}`, 202},
		"JSON, by ParseBody": {func(r *http.Request) { otphttp.ParseBody(nil, r) }, true,
			`{"email": "ada@example.com"}`, 202},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			handler := func(w http.ResponseWriter, r *http.Request) {
				c.before(r)
				s.ServeSend(w, r)
			}

			contentType := "application/x-www-form-urlencoded"
			if c.json {
				contentType = "application/json"
			}
			answer := newClient(t).postBody(handler, contentType, c.body)
			assert.Equal(t, c.status, answer.StatusCode, answer.text)
		})
	}
}

func TestMethods(t *testing.T) {
	s := newService(t, nil)

	for _, c := range []struct {
		handler http.HandlerFunc
		method  string
		allow   string
	}{
		{s.ServeSend, http.MethodGet, "POST"},
		{s.ServeSend, http.MethodHead, "POST"},
		{s.ServeSend, http.MethodPut, "POST"},
		{s.ServeSend, http.MethodOptions, "POST"},
		{s.ServeVerify, http.MethodGet, "POST"},
		{s.ServeVerify, http.MethodDelete, "POST"},
		{s.ServeStatus, http.MethodPut, "GET, POST, HEAD"},
	} {
		reply := newClient(t).
			do(c.handler, request(c.method, "/?email=ada@example.com&code=123456"))
		reply.want(t, 405, "method_not_allowed")
		assert.Equal(t, c.allow, reply.Header.Get("Allow"))
	}
	assert.Empty(t, s.inbox.Messages())
}
