package otphttp_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNote(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	read := func() (note string) {
		c.get(func(_ http.ResponseWriter, r *http.Request) { note = s.Note(r) })
		return note
	}
	set := func(text string) {
		c.get(func(w http.ResponseWriter, r *http.Request) { s.SetNote(w, r, text) })
	}

	assert.Empty(t, read())
	set(`{"a": "é; \n"}`)
	assert.Equal(t, `{"a": "é; \n"}`, read())

	c.cookies["__Host-otp-note-flow"].Value = "%"
	assert.Empty(t, read())

	set("")
	assert.Equal(t, -1, c.cookies["__Host-otp-note-flow"].MaxAge)
}
