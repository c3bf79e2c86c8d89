package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

const (
	oldPassword = "lovely analytical engine"
	newPassword = "a moth in relay seventy"
	mailFrom    = "Acme <no-reply@acme.example>"
)

// A system is what the application finds on AWS: two tables, one account, and SES.
type system struct {
	t        *testing.T
	email    string // of the account, which no other test has
	accounts string // the table of the accounts
	ses      string
	env      []string // settings of the application, but for the secret
}

// tables are made once: each test has addresses of its own in them.
var tables = struct {
	sync.Once
	codes, accounts, hash string
}{}

func newSystem(t *testing.T) *system {
	t.Helper()
	db := servers.DynamoDB(t)
	tables.Do(func() { makeTables(t, db) })
	require.NotEmpty(t, tables.hash, "the tables could not be made")
	s := &system{
		t:        t,
		email:    strings.ToLower(rand.Text()) + "@example.com",
		accounts: tables.accounts,
		ses:      servers.SESEndpoint(t),
	}
	_, err := users.NewDynamo(db, s.accounts).Add(t.Context(),
		users.User{Email: s.email, PasswordHash: tables.hash, PasswordChanged: time.Now()})
	require.NoError(t, err)

	s.env = append(os.Environ(),
		"PRODUCT=Acme", "OTP_TABLE="+tables.codes, "USERS_TABLE="+s.accounts, "MAIL_FROM="+mailFrom,
		"AWS_REGION="+servers.Region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"AWS_ENDPOINT_URL_DYNAMODB="+servers.DynamoDBEndpoint(t), "AWS_ENDPOINT_URL_SESV2="+s.ses)
	return s
}

func makeTables(t *testing.T, db *dynamodb.Client) {
	t.Helper()
	tables.codes, tables.accounts = servers.TableName(), servers.TableName()
	require.NoError(t, dynamostore.CreateTable(t.Context(), db, tables.codes, nil))
	options := &dynamostore.Options{PartitionKey: "email"} // one key, as this table has
	require.NoError(t, dynamostore.CreateTable(t.Context(), db, tables.accounts, options))
	var err error
	tables.hash, err = users.Hash(t.Context(), oldPassword)
	require.NoError(t, err)
}

// mails returns the texts of the mails to the account, the newest last.
func (s *system) mails() []string {
	s.t.Helper()
	answer, err := http.Get(s.ses + "/store")
	require.NoError(s.t, err)
	defer answer.Body.Close()

	var store struct {
		Emails []struct {
			Destination struct{ To []string }
			Body        struct{ Text string }
		}
	}
	require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&store))

	var texts []string
	for _, mail := range store.Emails {
		if slices.Contains(mail.Destination.To, s.email) {
			texts = append(texts, mail.Body.Text)
		}
	}
	return texts
}

var codePattern = regexp.MustCompile(`(?m)^\d{8}$`)

// code returns the code of the newest mail that has one.
func (s *system) code() string {
	s.t.Helper()
	for _, text := range slices.Backward(s.mails()) {
		if code := codePattern.FindString(text); code != "" {
			return code
		}
	}

	require.FailNow(s.t, "there is no mail with a code")
	return ""
}

// wrong returns another code.
func wrong(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }

// built is where the programs are, once there are any.
var built string

// programs are built once. The functions are those that the Makefile packages. All are copied by
// another process: what this one writes itself may be kept open by a process that it starts
// meanwhile, and cannot be run then ("text file busy"). And the linker writes in any order, which
// leaves in the page cache what starts up to a tenth slower.
var programs = sync.OnceValues(func() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "forgotpassword"); err != nil {
		return "", err
	}
	built = folder

	build := exec.Command("sh", "-ec", `
		mkdir "$1/linked"
		go build -trimpath -tags lambda.norpc -ldflags='-s -w' -o "$1/linked" \
			../server ../users ./bare
		cp "$1"/linked/* "$1"
		for name in generate reset; do cp "../build/$2/$name/bootstrap" "$1/$name"; done`,
		"sh", folder, architecture())
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return folder, fmt.Errorf("%w: is `make build` done?\n%s", err, out)
	}
	return folder, nil
})

// architecture returns the name that Lambda has for that of this machine.
func architecture() string {
	return map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
}

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("nothing is tested here with -short: all tests build and start programs")
		return
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

// program returns the path of a program of this module, or of a packaged function.
func program(tb testing.TB, name string) string {
	tb.Helper()
	if runtime.GOOS != "linux" {
		servers.Missing(tb, "the packages of Lambda run on Linux")
	}
	if _, err := os.Stat("../build/" + architecture() + "/reset/bootstrap"); err != nil {
		servers.Missing(tb, "no functions there: run `make -C examples/forgotpassword build`")
	}

	folder, err := programs()
	require.NoError(tb, err)
	return filepath.Join(folder, name)
}

// A process is a server under test.
type process struct {
	url string
	cmd *exec.Cmd

	mu     sync.Mutex
	logged bytes.Buffer
}

// Write keeps the log.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logged.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logged.String()
}

var listening = regexp.MustCompile(`msg=listening url=(\S+)`)

// patience is how long the tests wait for what takes no time.
const patience = 30 * time.Second

// startServer runs the server until the end of the test, or until it is stopped by a signal.
func startServer(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{}
	p.cmd = exec.Command(program(t, "server"), append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	p.cmd.Env, p.cmd.Stderr = env, p
	require.NoError(t, p.cmd.Start())

	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		p.cmd.Process.Signal(syscall.SIGTERM)
		assert.NoError(t, <-ended, "the server did not stop well")
		if t.Failed() {
			t.Logf("the server has logged:\n%s", p.log())
		}
	})

	require.Eventually(t, func() bool {
		return listening.MatchString(p.log()) || len(ended) > 0
	}, patience, 50*time.Millisecond, "the server does not listen")
	match := listening.FindStringSubmatch(p.log())
	require.NotNil(t, match, "the server has ended:\n%s", p.log())
	p.url = match[1]
	return p
}
