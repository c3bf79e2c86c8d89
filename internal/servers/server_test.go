package servers

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// envHelper makes this test binary start one server, print its address and wait to be killed.
const envHelper = "OTP_TEST_AWSLOCAL_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(envHelper) != "" {
		server, err := StartSES()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(server.Endpoint)
		select {}
	}
	os.Exit(m.Run())
}

func TestServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	helper := exec.Command(os.Args[0])
	helper.Env = append(os.Environ(), envHelper+"=1")
	out, err := helper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if strings.Contains(line, ErrNotInstalled.Error()) {
		Missing(t, line)
	}
	address, found := strings.CutPrefix(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		t.Fatalf("the helper printed %q, %v", line, err)
	}
	if !listens(address) {
		t.Fatal("the server does not run while its process does")
	}
	helper.Process.Kill() // SIGKILL: no code of the helper runs any more
	helper.Wait()
	awaitEnd(t, address)
}

func TestStop(t *testing.T) {
	server, err := StartDynamoDB()
	if errors.Is(err, ErrNotInstalled) {
		Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	awaitEnd(t, strings.TrimPrefix(server.Endpoint, "http://"))
}

func TestServerThatDoesNotStart(t *testing.T) {
	_, err := start("nothing", t.TempDir(), "node", func(string) []string { return []string{"-e", "throw 'a reason'"} })
	if errors.Is(err, ErrNotInstalled) {
		Missing(t, err)
	}
	if err == nil || !strings.Contains(err.Error(), "a reason") {
		t.Errorf("the error is %v: it must repeat what the program printed", err)
	}
}

func awaitEnd(t *testing.T, address string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for listens(address) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the server still listens")
		}
	}
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// A probe notes how a test that misses something ends.
type probe struct {
	testing.TB
	failed, skipped bool
}

func (p *probe) Helper()      {}
func (p *probe) Fatal(...any) { p.failed = true }
func (p *probe) Skip(...any)  { p.skipped = true }

func TestMissing(t *testing.T) {
	for _, required := range []string{"", "1"} {
		t.Setenv(EnvRequired, required)
		p := &probe{TB: t}
		Missing(p, "a program")
		if p.failed != (required != "") || required == "" && !p.skipped {
			t.Errorf("%s=%q: failed %v, skipped %v", EnvRequired, required, p.failed, p.skipped)
		}
	}
}
