// Package lambdatest runs the program of a Lambda function for tests, by the Runtime API that AWS
// documents: the program asks for the next event, and posts its answer or its error
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). [Sources] stand in front of it:
// they make the events of requests, and responses of the answers.
package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// timeout is the function's timeout, which each invocation carries as its deadline.
const timeout = 20 * time.Second

// TraceID is the trace that each invocation carries.
const TraceID = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

// A Function is a running program.
type Function struct {
	tb      testing.TB
	cmd     *exec.Cmd
	api     *httptest.Server
	log     *os.File
	started time.Time

	invoked  chan invocation
	outcomes sync.Map      // channels of outcomes, by the id of the invocation
	failed   chan Outcome  // of the start
	ended    chan struct{} // closed when the process has ended
	stop     func()
}

type invocation struct {
	event   []byte
	outcome chan Outcome
}

// An Outcome is what a program posts.
type Outcome struct {
	// Kind is "response" or "error" after an event, and "init/error" before the first one.
	Kind string
	// Body is the answer, or the error as {"errorMessage", "errorType"}.
	Body []byte
}

// Start starts the command, whose environment it completes. The program is stopped with the test,
// or by Stop.
func Start(tb testing.TB, cmd *exec.Cmd) *Function {
	tb.Helper()

	f := &Function{
		tb:      tb,
		cmd:     cmd,
		invoked: make(chan invocation),
		failed:  make(chan Outcome, 1),
		ended:   make(chan struct{}),
	}
	f.api = httptest.NewServer(f.handler())

	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)],
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(f.api.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=test",
		"AWS_LAMBDA_LOG_FORMAT=JSON")

	// A file, unlike a pipe, holds all that was printed before an answer.
	log, err := os.Create(filepath.Join(tb.TempDir(), "log"))
	if err != nil {
		tb.Fatal(err)
	}
	f.log, cmd.Stdout, cmd.Stderr = log, log, log

	f.started = time.Now()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}

	f.stop = sync.OnceFunc(f.end)
	tb.Cleanup(f.stop)

	go func() {
		cmd.Wait() // its end is what counts, not how
		close(f.ended)
	}()
	return f
}

// handler answers the program as Lambda does.
func (f *Function) handler() http.Handler {
	mux := http.NewServeMux()

	var invocations atomic.Int64
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next",
		func(w http.ResponseWriter, r *http.Request) {
			select {
			case in := <-f.invoked:
				id := RequestID(int(invocations.Add(1)))
				f.outcomes.Store(id, in.outcome)
				f.writeEvent(w, id, in.event)
			case <-r.Context().Done():
			}
		})

	const id = "POST /2018-06-01/runtime/invocation/{id}"
	mux.HandleFunc(id+"/response", f.take("response"))
	mux.HandleFunc(id+"/error", f.take("error"))
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", f.take("init/error"))
	return mux
}

// RequestID returns the id of the nth invocation, from 1.
func RequestID(n int) string { return fmt.Sprintf("request-%d", n) }

func (f *Function) writeEvent(w http.ResponseWriter, id string, event []byte) {
	deadline := time.Now().Add(timeout).UnixMilli()

	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline, 10))
	h.Set("Lambda-Runtime-Trace-Id", TraceID)
	h.Set("Lambda-Runtime-Invoked-Function-Arn",
		"arn:aws:lambda:eu-central-1:123456789012:function:test")

	w.Write(event) // a program that has gone is noticed by its end
}

func (f *Function) take(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the program has ended
		}

		w.WriteHeader(http.StatusAccepted)
		if outcome, ok := f.outcomes.LoadAndDelete(r.PathValue("id")); ok {
			outcome.(chan Outcome) <- Outcome{kind, body}
		} else {
			f.failed <- Outcome{kind, body}
		}
	}
}

// Invoke gives the event to the program and returns what it posts. It fails the test if the
// program ends. A program whose AWS_LAMBDA_MAX_CONCURRENCY allows it gets events of several calls.
func (f *Function) Invoke(event []byte) Outcome {
	f.tb.Helper()

	in := invocation{event, make(chan Outcome, 1)}
	invoked := f.invoked
	for {
		select {
		case invoked <- in:
			invoked = nil
		case outcome := <-in.outcome:
			return outcome
		case outcome := <-f.failed:
			return outcome
		case <-f.ended:
			f.tb.Fatalf("the function has ended; its log:\n%s", f.Log())
		}
	}
}

// Started returns when the process was started.
func (f *Function) Started() time.Time { return f.started }

// PID returns the id of the process.
func (f *Function) PID() int { return f.cmd.Process.Pid }

// Log returns what the program has printed so far.
func (f *Function) Log() string {
	f.tb.Helper()

	text, err := os.ReadFile(f.log.Name())
	if err != nil {
		f.tb.Fatal(err)
	}
	return string(text)
}

// Stop ends the process and returns once it has ended.
func (f *Function) Stop() { f.stop() }

func (f *Function) end() {
	f.cmd.Process.Kill() // fails if it has ended already
	<-f.ended

	f.api.CloseClientConnections()
	f.api.Close()

	if f.tb.Failed() {
		f.tb.Logf("the function has logged:\n%s", f.Log())
	}
	f.log.Close()
}
