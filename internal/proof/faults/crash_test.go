// Package faults puts package otp under faults that are real: processes that are killed, a database in a process of its
// own, and a network that cuts, delays and swallows.
package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// A service in a process of its own makes one call and is killed on the way, with SIGKILL, at each point between two of
// its steps in turn. Store and mailbox are in the process of the test, which then looks what is left.

const (
	ada = "ada@example.com"
	// childEnv makes the test binary the child; its value is a job.
	childEnv = "OTP_PROOF_CHILD"
)

var secret = []byte("the secret of the service under test")

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		child(text)
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

// A job is what the child has to do.
type job struct {
	Desk string // URL of the store and the mailbox
	Op   string
	Code string // to submit
}

// policy leaves no room for a lost attempt or send to go unnoticed.
var policy = otp.Policy{
	MaxAttempts: 3, MaxFailures: 6, MinSendTime: -1,
	SendLimits: []otp.Limit{{Count: 5, Window: time.Hour}, {Count: 6, Window: 24 * time.Hour}},
}

// child makes one call, prints its error and exits.
func child(text string) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	d := remote{j.Desk}
	s, err := otp.New(otp.Config{Purpose: "test", Secret: secret, Store: d, Sender: d, Policy: policy})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	switch j.Op {
	case "send":
		_, err = s.Send(ctx, otp.Request{To: ada})
	case "verify":
		err = s.Verify(ctx, otp.Submission{To: ada, Code: j.Code})
	case "revoke":
		err = s.Revoke(ctx, ada, "")
	case "unlock":
		err = s.Unlock(ctx, ada)
	}
	fmt.Println(err)
}

// remote is the child's side of the desk: an otp.Store and an otp.Sender over HTTP.
type remote struct{ url string }

// A letter is a request to the desk and its answer.
type letter struct {
	Key, Text string
	Old, New  []byte
	Expires   time.Time
	Swapped   bool
}

func (d remote) post(ctx context.Context, path string, l *letter) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(l)
}

func (d remote) Load(ctx context.Context, key string) ([]byte, error) {
	l := &letter{Key: key}
	err := d.post(ctx, "/load", l)
	return l.Old, err
}

func (d remote) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	l := &letter{Key: key, Old: old, New: new, Expires: expires}
	err := d.post(ctx, "/swap", l)
	return l.Swapped, err
}

func (d remote) Send(ctx context.Context, m otp.Message) error {
	l := &letter{Text: m.Code.Reveal()}
	if err := d.post(ctx, "/mail", l); err != nil {
		return err
	}
	if l.Text == "refused" {
		return otp.ErrNotSent
	}
	return nil
}

// A desk is the parent's side: a store and a mailbox, and the executioner.
type desk struct {
	store   otp.Store
	refuses bool // mail

	mu      sync.Mutex
	mails   []string
	points  []string // that the child has passed
	killAt  int      // the number of the point where it dies; 0 for never
	kill    func()
	swapped int // swaps of the child that have won
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var l letter
	if err := json.NewDecoder(r.Body).Decode(&l); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	what := strings.TrimPrefix(r.URL.Path, "/")
	if d.dies("before " + what) {
		return
	}
	var err error
	switch what {
	case "load":
		l.Old, err = d.store.Load(r.Context(), l.Key)
	case "swap":
		l.Swapped, err = d.store.CompareAndSwap(context.WithoutCancel(r.Context()), l.Key, l.Old, l.New, l.Expires)
		if l.Swapped {
			d.mu.Lock()
			d.swapped++
			d.mu.Unlock()
		}
	case "mail":
		if d.refuses {
			l.Text = "refused"
			break
		}
		d.mu.Lock()
		d.mails = append(d.mails, l.Text)
		d.mu.Unlock()
	}
	if d.dies("after " + what) {
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(l)
}

// dies notes that the child has come to a point, kills it there if it is its last, and reports whether it did.
func (d *desk) dies(point string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.points = append(d.points, point)
	if len(d.points) != d.killAt {
		return false
	}
	d.kill()
	return true
}

// runChild has a child do the job, and returns what it printed, or whether it was killed.
func (d *desk) runChild(t *testing.T, op, code string, killAt int) (printed string, killed bool) {
	t.Helper()
	server := httptest.NewServer(d)
	defer server.Close()
	text, err := json.Marshal(job{server.URL, op, code})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	d.mu.Lock() // the child does not get anywhere before kill is set
	d.points, d.killAt, d.swapped = nil, killAt, 0
	d.kill = func() { cmd.Process.Kill() } // SIGKILL
	err = cmd.Start()
	d.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	lines, _ := io.ReadAll(out)
	err = cmd.Wait()
	if killAt > 0 && killAt <= len(d.points) {
		if err == nil {
			t.Fatal("the child was killed and ended well")
		}
		return "", true
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(lines)), false
}

// TestKilledBetweenSteps runs each kind of call as often as it has points, killing it at another one each time.
func TestKilledBetweenSteps(t *testing.T) {
	stores := map[string]func(testing.TB) otp.Store{
		"memstore": func(testing.TB) otp.Store { return memstore.New(nil) },
		"DynamoDB": newDynamoStore,
	}
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			newStore(t) // skips here, if at all
			kills := 0
			for _, c := range []struct {
				name, op, code string
				refuses        bool
				points         []string
			}{
				{"the first Send", "first", "", false, []string{"load", "swap", "mail"}},
				{"a Send of the same code", "send", "", false, []string{"load", "swap", "mail"}},
				{"a Send whose mail is refused", "send", "", true, []string{"load", "swap", "mail"}},
				{"the right code", "verify", "right", false, []string{"load", "swap"}},
				{"a wrong code", "verify", "wrong", false, []string{"load", "swap"}},
				{"Revoke", "revoke", "", false, []string{"load", "swap", "load", "load"}},
				{"Unlock", "unlock", "", false, []string{"load", "swap", "load", "load"}},
			} {
				t.Run(c.name, func(t *testing.T) {
					for killAt := 0; killAt <= 2*len(c.points); killAt++ {
						if killAt > 0 {
							kills++
						}
						d := &desk{store: newStore(t)}
						dieOnce(t, d, c.op, c.code, c.refuses, killAt, c.points)
					}
				})
			}
			if !t.Failed() && !t.Skipped() {
				t.Logf("%d processes killed, no code accepted twice, no budget lost", kills)
			}
		})
	}
}

// dieOnce prepares a code with one wrong submission (unless op is "first"), has a child make the call and die on the way,
// and then looks at what is left.
func dieOnce(t *testing.T, d *desk, op, code string, refuses bool, killAt int, points []string) {
	t.Helper()
	heir, err := otp.New(otp.Config{Purpose: "test", Secret: secret, Store: d.store, Policy: policy,
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			d.mails = append(d.mails, m.Code.Reveal())
			return nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	verify := func(code string) error { return heir.Verify(ctx, otp.Submission{To: ada, Code: code}) }
	sends, wrongs := 0, 0 // that must be counted
	if op == "first" {
		op = "send"
	} else {
		if _, err := heir.Send(ctx, otp.Request{To: ada}); err != nil {
			t.Fatal(err)
		}
		if err := verify(wrong(d.mails[0])); !errors.Is(err, otp.ErrMismatch) {
			t.Fatal(err)
		}
		sends, wrongs = 1, 1
	}
	submitted := ""
	switch code {
	case "right":
		submitted = d.mails[0]
	case "wrong":
		submitted = wrong(d.mails[0])
	}
	d.refuses = refuses
	printed, killed := d.runChild(t, op, submitted, killAt)

	var passed []string
	for _, p := range points {
		passed = append(passed, "before "+p, "after "+p)
	}
	if killed {
		passed = passed[:killAt]
	}
	if !slices.Equal(d.points, passed) {
		t.Fatalf("the child has passed %v, want %v", d.points, passed)
	}
	at := "not killed"
	if killed {
		at = fmt.Sprintf("killed at point %d, %s", killAt, passed[killAt-1])
	}

	// What the child has written counts, whether or not it lived to tell.
	accepted := 0
	wrote := d.swapped > 0
	switch {
	case op == "send" && wrote:
		sends++
	case code == "wrong" && wrote:
		wrongs++
	}
	issued := sends > 0
	if op == "unlock" && wrote { // the attempt that was made stays spent
		sends = 0
	}
	if printed == "<nil>" && code == "right" {
		accepted++
	}
	spent := code == "right" && wrote
	voided := op == "revoke" && wrote

	status, err := heir.Status(ctx, otp.Request{To: ada})
	if err != nil {
		t.Fatal(err)
	}
	wantLive := issued && !spent && !voided
	assert.Equal(t, wantLive, status.Live, at)
	if wantLive {
		assert.Equal(t, policy.MaxAttempts-wrongs, status.AttemptsLeft, at)
	}

	// The person asks again and is let in; nothing is accepted twice.
	if _, err := heir.Send(ctx, otp.Request{To: ada}); err != nil {
		t.Fatalf("%s: the person asks again: %v", at, err)
	}
	sends++
	last := d.mails[len(d.mails)-1]
	if err := verify(last); err != nil {
		t.Errorf("%s: the last code: %v", at, err)
	}
	for _, code := range append(d.mails, d.mails...) {
		if verify(code) == nil {
			accepted++
			t.Errorf("%s: a code is accepted after another one was", at)
		}
	}
	if accepted > 1 {
		t.Errorf("%s: %d acceptances", at, accepted)
	}

	// Every send that was recorded counts.
	more := 0
	for ; more < 10; more++ {
		if _, err := heir.Send(ctx, otp.Request{To: ada}); err != nil {
			if !errors.Is(err, otp.ErrLimited) {
				t.Errorf("%s: %v", at, err)
			}
			break
		}
	}
	if sends+more != policy.SendLimits[0].Count {
		t.Errorf("%s: %d and %d sends, want %d in all", at, sends, more, policy.SendLimits[0].Count)
	}
}

func wrong(digits string) string {
	b := []byte(digits)
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}
