// Package servers starts PostgreSQL and Redis for one test each, with empty data, reachable through a socket in a
// temporary folder. The programs come with Debian; "make setup" in this module installs them.
package servers

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// Postgres starts PostgreSQL and returns the connection string. Its data is lost with the test, so it writes without
// waiting for the disk: what a store needs there, no test can see.
func Postgres(t *testing.T) string {
	t.Helper()
	bin := postgresFolder(t)
	folder := temporary(t)
	data := filepath.Join(folder, "data")
	as := unprivileged(t, folder)
	initdb := exec.Command(as[0], append(as[1:], filepath.Join(bin, "initdb"), "--pgdata", data, "--username", "otp",
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")...)
	initdb.Dir = folder
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	answers := func() bool {
		return exec.Command(filepath.Join(bin, "pg_isready"), "--quiet", "--host", folder).Run() == nil
	}
	start(t, folder, answers, append(as, filepath.Join(bin, "postgres"), "-D", data, "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off")...)
	return "host=" + folder + " user=otp dbname=postgres"
}

// Redis starts Redis with the settings that a store needs and returns the path of its socket.
func Redis(t *testing.T) string {
	t.Helper()
	program := find(t, "redis-server")
	folder := temporary(t)
	socket := filepath.Join(folder, "redis.sock")
	answers := func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}
	start(t, folder, answers, program, "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	return socket
}

// find returns the path of a program. There is no test without it, and none is skipped.
func find(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%v: run make setup in examples/integrations", err)
	}
	return path
}

// postgresFolder returns where the programs of PostgreSQL are: in the path, or where Debian has those of each version.
func postgresFolder(t *testing.T) string {
	t.Helper()
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin"); err == nil && len(found) > 0 {
		return found[len(found)-1]
	}
	return filepath.Dir(find(t, "initdb"))
}

// unprivileged returns the start of a command that is not run as root, which PostgreSQL refuses, and gives the folder
// to that user.
func unprivileged(t *testing.T, folder string) []string {
	t.Helper()
	if os.Getuid() != 0 {
		return []string{"env"}
	}
	owner, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.Atoi(owner.Uid)
	gid, err2 := strconv.Atoi(owner.Gid)
	if err := errors.Join(err1, err2, os.Chown(folder, uid, gid)); err != nil {
		t.Fatal(err)
	}
	return []string{find(t, "setpriv"), "--reuid", owner.Uid, "--regid", owner.Gid, "--clear-groups"}
}

// temporary returns a folder for one test. Its path is short, since that of a socket must be.
func temporary(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "otp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// start runs a server until the test ends, or this process, whichever comes first. It returns once the server answers.
func start(t *testing.T, folder string, answers func() bool, command ...string) {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	keep := filepath.Join(filepath.Dir(file), "../../../../internal/servers/keep.sh")
	server := exec.Command("sh", append([]string{keep}, command...)...)
	server.Dir = folder
	var output bytes.Buffer
	server.Stdout, server.Stderr = &output, &output
	alive, err := server.StdinPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		alive.Close()
		<-ended
	})

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			t.Fatalf("the server ended at once:\n%s", output.Bytes())
		case <-ctx.Done():
			t.Fatal("the server does not answer")
		case <-tick.C:
		}
		if answers() {
			return
		}
	}
}
