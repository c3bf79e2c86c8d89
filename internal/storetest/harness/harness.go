// Package harness puts stores under what happens to them in production: crowds over two processes,
// processes that are killed, servers that are killed, bad networks. What it checks is what a store
// is for: no code is accepted twice, and no guess is given back.
//
// Some of its functions return an error in place of failing the test, so that tests can show that
// they catch a store with a fault.
package harness

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// An Opener opens a handle on a database, with connections of its own, as each process has.
type Opener func(source string) (store otp.Store, closeStore func(), err error)

// A Database is a database that any process can open.
type Database struct {
	Opener string // its name in the map that Main was given
	Source string // what the Opener is given
}

var openers map[string]Opener

// Open opens a handle. It is closed when the test ends.
func (d Database) Open(tb testing.TB) otp.Store {
	tb.Helper()

	store, closeStore, err := d.open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(closeStore)
	return store
}

func (d Database) open() (otp.Store, func(), error) {
	opener, ok := openers[d.Opener]
	if !ok {
		return nil, nil, fmt.Errorf("harness: no opener %q", d.Opener)
	}
	return opener(d.Source)
}

// Test runs the conformance suite of otptest.
func (d Database) Test(t *testing.T) {
	t.Helper()
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return d.Open(tb), d.Open(tb) })
}

// openService opens a handle until the test ends, with a Service over it.
func (d Database) openService(tb testing.TB, sender otp.Sender) *otp.Service {
	tb.Helper()
	service, err := newService(d.Open(tb), sender)
	require.NoError(tb, err)
	return service
}

// envJob makes a test binary do the job in it, and nothing else.
const envJob = "OTP_STORETEST_JOB"

// A job is what another process has to do.
type job struct {
	Database
	To   string
	Code string // to submit
	Size int    // of the crowd; none: one call, with a stop between any two of its steps

	Call    string // that is made with stops
	Refuses bool   // the mail is refused

	Codes []string // to submit, and wrong ones, until the process is killed
}

// Main is the TestMain of a package that uses the harness.
func Main(m *testing.M, known map[string]Opener) {
	openers = known

	if text := os.Getenv(envJob); text != "" {
		if err := work(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}

	flag.Parse()
	if testing.Short() {
		fmt.Println("skipped by -short: these tests need servers and processes")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func work(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}

	store, closeStore, err := j.open()
	if err != nil {
		return err
	}
	defer closeStore()

	switch {
	case len(j.Codes) > 0:
		return playUntilKilled(j, store)
	case j.Size > 0:
		return joinCrowd(j, store)
	default:
		return stopBetweenSteps(j, store)
	}
}

// A worker is another process at work on a job.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func hire(ctx context.Context, j job) (*worker, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}

	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), envJob+"="+string(text))
	cmd.Stderr = os.Stderr

	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &worker{cmd, in, bufio.NewScanner(out)}, cmd.Start()
}

// hear returns the next line of the worker.
func (w *worker) hear() (string, error) {
	if !w.out.Scan() {
		return "", errors.Join(errors.New("harness: the worker has ended"), w.out.Err())
	}
	return w.out.Text(), nil
}

// tell lets the worker go on.
func (w *worker) tell() error {
	_, err := io.WriteString(w.in, "\n")
	return err
}

// await is what a worker does until it is told to go on.
func await(what string) {
	fmt.Println(what)
	stdin.Scan()
}

var stdin = bufio.NewScanner(os.Stdin)

// attempts is the policy's MaxAttempts.
const attempts = 5

// sends is how often one address can be sent a code.
const sends = 8

var secret = []byte("the secret of the services under test")

// A mailbox keeps the last code of each address.
type mailbox struct{ codes sync.Map }

func (m *mailbox) Send(_ context.Context, message otp.Message) error {
	m.codes.Store(message.To, message.Code.Reveal())
	return nil
}

func (m *mailbox) code(to string) string {
	code, _ := m.codes.Load(to)
	text, _ := code.(string)
	return text
}

// newService returns one of several services over one database.
func newService(store otp.Store, sender otp.Sender) (*otp.Service, error) {
	return otp.New(otp.Config{
		Purpose: "test",
		Secret:  secret,
		Store:   store,
		Sender:  sender,
		Policy: otp.Policy{
			MaxAttempts: attempts,
			MinSendTime: -1,
			SendLimits:  []otp.Limit{{Count: sends, Window: time.Hour}},
		},
	})
}

// newAddress returns an address that nobody has used.
func newAddress() string { return newKey() + "@example.com" }

// newKey returns a key that nobody has used.
func newKey() string { return rand.Text() }

// wrong returns a code that differs from the right one, another for each n below 100,000.
func wrong(right string, n int) string {
	first := '0' + (right[0]-'0'+1)%10
	return fmt.Sprintf("%c%0*d", first, len(right)-1, n)
}
