// Package faults puts package otp under faults that are real: processes that are killed, a database
// in a process of its own, and a network that cuts, delays and swallows.
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/linear"
	"github.com/seed-5978b5f1/otp/memstore"
)

// A service in a process of its own, the child, makes one call and is killed by SIGKILL between two
// of its steps, at each such point in turn. Store and mailbox are in the process of the test, the
// parent, which then looks what is left.

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
	s, err := otp.New(otp.Config{
		Purpose: "test", Secret: secret, Store: d, Sender: d, Policy: policy})
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
	request, err := http.NewRequestWithContext(ctx, "POST", d.url+path, bytes.NewReader(body))
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

func (d remote) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
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

// A desk is the parent's side: a store and a mailbox. It kills the child.
type desk struct {
	store   otp.Store
	refuses bool // mail

	mu      sync.Mutex
	mails   []string
	points  []string // that the child has passed
	killAt  int      // the number of the point where it dies; 0 for never
	kill    func()
	swapped bool // a swap of the child has won
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
	err := d.serve(context.WithoutCancel(r.Context()), what, &l)
	if d.dies("after " + what) {
		return
	}

	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(l)
}

// serve does what the letter asks for, and fills in the answer.
func (d *desk) serve(ctx context.Context, what string, l *letter) (err error) {
	switch what {
	case "load":
		l.Old, err = d.store.Load(ctx, l.Key)
	case "swap":
		l.Swapped, err = d.store.CompareAndSwap(ctx, l.Key, l.Old, l.New, l.Expires)
	}

	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case l.Swapped:
		d.swapped = true
	case what == "mail" && d.refuses:
		l.Text = "refused"
	case what == "mail":
		d.mails = append(d.mails, l.Text)
	}
	return err
}

// dies notes that the child has come to a point, kills it if that is where it dies, and reports
// whether it did.
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

// runChild has a child make the call, and returns what it printed, or that it was killed.
func (d *desk) runChild(t *testing.T, op, code string, killAt int) (printed string, killed bool) {
	t.Helper()
	server := httptest.NewServer(d)
	defer server.Close()

	text, err := json.Marshal(job{server.URL, op, code})
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)

	d.mu.Lock() // the child does not get anywhere before kill is set
	d.points, d.killAt, d.swapped = nil, killAt, false
	d.kill = func() { cmd.Process.Kill() } // SIGKILL
	err = cmd.Start()
	d.mu.Unlock()
	require.NoError(t, err)

	lines, _ := io.ReadAll(out)
	err = cmd.Wait()
	if killAt > 0 && killAt <= len(d.points) {
		require.Error(t, err, "the child was killed and ended well")
		return "", true
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(lines)), false
}

// A trial is a call of a child.
type trial struct {
	name    string
	op      string
	first   bool   // nobody has asked for this address before
	code    string // that is submitted: "right" or "wrong"
	refuses bool   // mail
	steps   []string
	says    error // if it is not killed
}

// A call has a point before and after each of its steps.
var (
	sendSteps   = []string{"load", "swap", "mail"}
	verifySteps = []string{"load", "swap"}
	adminSteps  = []string{"load", "swap", "load", "load"}
)

var trials = []trial{
	{name: "the first Send", op: "send", first: true, steps: sendSteps},
	{name: "a Send of the same code", op: "send", steps: sendSteps},
	{name: "a Send whose mail is refused", op: "send", refuses: true, steps: sendSteps,
		says: otp.ErrDelivery},
	{name: "the right code", op: "verify", code: "right", steps: verifySteps},
	{name: "a wrong code", op: "verify", code: "wrong", steps: verifySteps, says: otp.ErrMismatch},
	{name: "Revoke", op: "revoke", steps: adminSteps},
	{name: "Unlock", op: "unlock", steps: adminSteps},
}

// TestKilledBetweenSteps makes each call without a kill, and once for each of its points.
func TestKilledBetweenSteps(t *testing.T) {
	stores := map[string]func(testing.TB) otp.Store{
		"memstore": func(testing.TB) otp.Store { return memstore.New(nil) },
		"DynamoDB": newDynamoStore,
	}

	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			newStore(t) // skips here, if at all

			for _, c := range trials {
				t.Run(c.name, func(t *testing.T) {
					for killAt := range 2*len(c.steps) + 1 {
						c.run(t, &desk{store: newStore(t), refuses: c.refuses}, killAt)
					}
				})
			}
		})
	}
}

// An outcome is what must be left on the desk.
type outcome struct {
	sends, wrongs int // that count
	live          bool
}

// run prepares a code with one wrong submission, unless the trial is about the first, has a child
// make the call and die on the way, and then looks at what is left.
func (c trial) run(t *testing.T, d *desk, killAt int) {
	t.Helper()
	heir := newHeir(t, d)
	var want outcome
	if !c.first {
		require.NoError(t, heir.send())
		require.ErrorIs(t, heir.verify(linear.Wrong(d.mails[0])), otp.ErrMismatch)
		want = outcome{sends: 1, wrongs: 1, live: true}
	}

	submitted := ""
	switch c.code {
	case "right":
		submitted = d.mails[0]
	case "wrong":
		submitted = linear.Wrong(d.mails[0])
	}
	printed, killed := d.runChild(t, c.op, submitted, killAt)
	if !killed {
		require.Contains(t, printed, fmt.Sprint(c.says))
	}

	at := c.checkPoints(t, d, killed, killAt)
	if d.swapped {
		c.count(&want)
	}
	heir.check(t, want, at)
}

// checkPoints fails the test unless the child has passed the points that it must, and returns where
// it was killed.
func (c trial) checkPoints(t *testing.T, d *desk, killed bool, killAt int) (at string) {
	t.Helper()
	var passed []string
	for _, step := range c.steps {
		passed = append(passed, "before "+step, "after "+step)
	}

	at = "not killed"
	if killed {
		passed = passed[:killAt]
		at = fmt.Sprintf("killed at point %d, %s", killAt, passed[killAt-1])
	}
	require.Equal(t, passed, d.points, at)
	return at
}

// count adds what the call of the child has written. It counts, whether or not the child lived to
// tell.
func (c trial) count(want *outcome) {
	switch {
	case c.op == "send":
		want.sends++
		want.live = true
	case c.op == "revoke":
		want.live = false
	case c.op == "unlock":
		want.sends = 0 // the attempt that was made stays spent
	case c.code == "wrong":
		want.wrongs++
	case c.code == "right":
		want.live = false
	}
}

// An heir is the service that works on with what the child has left.
type heir struct {
	*otp.Service
	ctx  context.Context
	desk *desk
}

func newHeir(t *testing.T, d *desk) heir {
	t.Helper()
	s, err := otp.New(otp.Config{Purpose: "test", Secret: secret, Store: d.store, Policy: policy,
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			d.mails = append(d.mails, m.Code.Reveal())
			return nil
		})})
	require.NoError(t, err)
	return heir{s, t.Context(), d}
}

func (h heir) send() error {
	_, err := h.Send(h.ctx, otp.Request{To: ada})
	return err
}

func (h heir) verify(code string) error {
	return h.Verify(h.ctx, otp.Submission{To: ada, Code: code})
}

// check compares what is left with what must be.
func (h heir) check(t *testing.T, want outcome, at string) {
	t.Helper()
	status, err := h.Status(h.ctx, otp.Request{To: ada})
	require.NoError(t, err, at)
	assert.Equal(t, want.live, status.Live, at)
	if want.live {
		assert.Equal(t, policy.MaxAttempts-want.wrongs, status.AttemptsLeft, at)
	} else {
		h.refusesAll(t, at)
	}

	// The person asks again and is let in, once.
	require.NoError(t, h.send(), at)
	assert.NoError(t, h.verify(h.desk.mails[len(h.desk.mails)-1]), at)
	h.refusesAll(t, at)

	// Every send that was recorded counts.
	for range policy.SendLimits[0].Count - want.sends - 1 {
		assert.NoError(t, h.send(), at)
	}
	assert.ErrorIs(t, h.send(), otp.ErrLimited, at)
}

// refusesAll checks that none of the codes is accepted that were ever sent.
func (h heir) refusesAll(t *testing.T, at string) {
	t.Helper()
	for _, code := range h.desk.mails {
		assert.ErrorIs(t, h.verify(code), otp.ErrRejected, at)
	}
}
