package main

import (
	"bufio"
	"io"
	"regexp"
	"strings"
	"testing"
)

// A talk types lines into run and reads what it prints.
type talk struct {
	t     *testing.T
	in    *io.PipeWriter
	out   *bufio.Reader
	ended chan error
}

func start(t *testing.T) *talk {
	inReader, in := io.Pipe()
	out, outWriter := io.Pipe()
	c := &talk{t: t, in: in, out: bufio.NewReader(out), ended: make(chan error, 1)}
	go func() {
		err := run(t.Context(), inReader, outWriter)
		outWriter.Close()
		c.ended <- err
	}()
	return c
}

// until reads up to and including the text.
func (c *talk) until(text string) string {
	c.t.Helper()
	var read strings.Builder
	for !strings.HasSuffix(read.String(), text) {
		b, err := c.out.ReadByte()
		if err != nil {
			c.t.Fatalf("the output ended before %q:\n%s", text, read.String())
		}
		read.WriteByte(b)
	}
	return read.String()
}

func (c *talk) say(line string) { io.WriteString(c.in, line+"\n") }

const prompt = "Code (an empty line sends it again): "

// ask types a line and returns what is said up to the next prompt.
func (c *talk) ask(line string) string {
	c.t.Helper()
	c.say(line)
	return c.until(prompt)
}

// mailed types the address and returns the code from the mail.
func (c *talk) mailed(to string) string {
	c.t.Helper()
	c.until("Address: ")
	mail := c.ask(to)
	code := regexp.MustCompile(`\| (\d{6})\n`).FindStringSubmatch(mail)
	if code == nil || !strings.Contains(mail, to) {
		c.t.Fatalf("no mail with a code to %s in:\n%s", to, mail)
	}
	return code[1]
}

func TestTheRightCodeIsAccepted(t *testing.T) {
	c := start(t)
	code := c.mailed("ada@example.com")
	c.say(code[:3] + " " + code[3:])
	c.until("Right. The code was accepted")
	if _, err := io.ReadAll(c.out); err != nil {
		t.Fatal(err)
	}
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
}

func TestWrongCodesAndAskingTooSoon(t *testing.T) {
	c := start(t)
	code := c.mailed("ada@example.com")
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for _, step := range []struct{ line, want string }{
		{"hello", "No attempt was lost"},
		{wrong, "4 attempts are left"},
		{"", "Too soon: nothing was sent. Ask again in "},
		{wrong, "3 attempts are left"},
		{wrong, "2 attempts are left"},
		{wrong, "One attempt is left"},
		{wrong, "That was the last attempt: the code is void"},
		{code, "void after too many wrong ones"},
	} {
		if got := c.ask(step.line); !strings.Contains(got, step.want) {
			t.Errorf("after %q: got %q, want %q", step.line, got, step.want)
		}
	}
	c.in.Close()
	rest, err := io.ReadAll(c.out)
	if err != nil || string(rest) != "\n" {
		t.Errorf("at the end: %q, %v", rest, err)
	}
	if err := <-c.ended; err == nil || !strings.Contains(err.Error(), "ended before a code was accepted") {
		t.Errorf("got %v, want an error that says so", err)
	}
}

// All input at once, as from a pipe.
func TestPipedInput(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), strings.NewReader("ada@example.com\n000000\n111111\n"), &out)
	if err == nil || !strings.Contains(err.Error(), "ended before a code was accepted") {
		t.Errorf("got %v", err)
	}
	if got := strings.Count(out.String(), "Wrong code."); got < 1 {
		t.Errorf("the wrong codes are not called wrong in:\n%s", out.String())
	}
	if err := run(t.Context(), strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("without input: got %v", err)
	}
}
