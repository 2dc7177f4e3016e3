package e2e_test

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestStopInOrder: a request that is in flight at SIGTERM is finished, and no
// new one is taken.
func TestStopInOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	s.put("refresh", "r1", s.app, row{})
	unlock := s.lock("{p}moos_oauth_access_tokens")
	answers := make(chan answer, 1)
	go func() {
		a, err := server.do(formRequest(server.base+tokenPath, refreshForm(s.app, "r1")...))
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}()
	eventually(t, patience, "the request waits for the lock", func() bool {
		return len(s.strings("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' "+
			"AND INFO LIKE ?", "INSERT INTO%"+s.prefix+"moos_oauth_access_tokens%")) == 1
	})

	server.signal(syscall.SIGTERM)
	server.await("stopping")
	eventually(t, patience, "new connections are refused", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.base, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if !server.running() {
		t.Fatal("the server has ended before its request")
	}
	unlock()
	a := <-answers
	a.wantTokens(t, "profile email")
	s.wantRow("access", a.member("access_token"), true)
	if code := server.exit(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

// lock keeps all others from a table until the function that it returns is
// called.
func (s *site) lock(name string) (unlock func()) {
	s.t.Helper()
	ctx := context.Background()
	conn, err := s.db.Conn(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, "LOCK TABLES "+strings.ReplaceAll(name, "{p}", s.prefix)+" WRITE"); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(ctx, "UNLOCK TABLES"); err != nil {
			s.t.Error(err)
		}
		conn.Close()
	}
}

// TestUnixSocket: its permissions, and what is done about one that is there.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	path := filepath.Join(socketDir(t), "token.sock")
	server := s.serve("--listen", "unix:"+path, "--socket-mode", "0660")
	s.put("refresh", "r1", s.app, row{})
	server.refresh(s.app, "r1").wantTokens(t, "profile email")
	if mode := fileMode(t, path); mode != fs.ModeSocket|0o660 {
		t.Errorf("the socket's mode is %s", mode)
	}
	second := []string{"serve", "--wp-config", s.wpConfig, "--listen", "unix:" + path}
	wantFailure(t, command(t, nil, second...), "another server is there already")
	server.refresh(s.app, "r1").wantTokens(t, "profile email")

	server.kill()
	fileMode(t, path) // it is left behind
	server = s.serve("--listen", "unix:"+path)
	server.refresh(s.app, "r1").wantTokens(t, "profile email")
	if mode := fileMode(t, path); mode != fs.ModeSocket|0o666 {
		t.Errorf("the socket's mode is %s", mode)
	}
	server.stop()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there after an end in order")
	}

	writeFile(t, path, "something else")
	wantFailure(t, command(t, nil, second...), "not a socket")
	if string(readFile(t, path)) != "something else" {
		t.Error("a file that is not a socket was touched")
	}
}

func fileMode(t testing.TB, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

// TestDatabaseAway: the server lives on without a database, starts without
// one, says so, and serves as soon as it is back.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{}))
	s.put("refresh", "r1", s.app, row{})
	s.flush()
	server := s.serve("--request-timeout", "1s")
	alive(t, server)
	if a := server.get("/readyz"); a.status != http.StatusOK {
		t.Errorf("readyz: %d %s", a.status, a.text)
	}

	s.server.Kill()
	away(t, server)
	server.stop()
	server = s.serve("--request-timeout", "1s")
	away(t, server)
	if err := s.server.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "readyz is 200 again", func() bool { return server.get("/readyz").status == http.StatusOK })
	server.refresh(s.app, "r1").wantTokens(t, "profile email")
	server.await("the database answers")
}

// away checks what a server without a database says.
func away(t *testing.T, server *sidecar) {
	t.Helper()
	alive(t, server)
	if a := server.get("/readyz"); a.status != http.StatusServiceUnavailable || a.member("reason") == "" {
		t.Errorf("readyz without a database: %d %s", a.status, a.text)
	}
	a := server.post("grant_type", "refresh_token", "refresh_token", "r1", "client_id", "x", "client_secret", "y")
	if a.unavailableFault() != "" {
		t.Errorf("without a database: %s: %d %s", a.unavailableFault(), a.status, a.text)
	}
}

func alive(t *testing.T, server *sidecar) {
	t.Helper()
	if a := server.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %d %s", a.status, a.text)
	}
}
