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

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestStopInOrder: a request that is in flight at SIGTERM is finished, and no
// new one is taken.
func TestStopInOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	unlock := s.lock("{}moos_oauth_access_tokens")
	answers := make(chan stage.Answer, 1)
	go func() {
		a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}()
	s.awaitInsert()

	server.Signal(syscall.SIGTERM)
	server.Await("stopping")
	stage.Eventually(t, stage.Patience, "new connections are refused", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.Base, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if !server.Running() {
		t.Fatal("the server has ended before its request")
	}
	unlock()
	a := <-answers
	a.WantTokens(t, "profile email")
	s.WantRow("access", a.Member("access_token"), true)
	if code := server.Exit(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

// lock keeps all others from a table until the function that it returns is
// called.
func (s *site) lock(name string) (unlock func()) {
	s.t.Helper()
	ctx := context.Background()
	conn, err := s.Root.Conn(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, "LOCK TABLES "+strings.ReplaceAll(name, "{}", s.Prefix)+" WRITE"); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(ctx, "UNLOCK TABLES"); err != nil {
			s.t.Error(err)
		}
		conn.Close()
	}
}

// awaitInsert waits until a request waits for the lock of the access tokens.
func (s *site) awaitInsert() {
	s.t.Helper()
	stage.Eventually(s.t, stage.Patience, "the request waits for the lock", func() bool {
		return len(s.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' "+
			"AND INFO LIKE ?", "INSERT INTO%"+s.Prefix+"moos_oauth_access_tokens%")) == 1
	})
}

// TestUnixSocket: its permissions, and what is done about one that is there.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	path := filepath.Join(stage.ShortDir(t), "token.sock")
	server := s.Serve("--listen", "unix:"+path, "--socket-mode", "0660")
	s.Put("refresh", "r1", s.app, stage.Row{})
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	if mode := fileMode(t, path); mode != fs.ModeSocket|0o660 {
		t.Errorf("the socket's mode is %s", mode)
	}
	second := []string{"serve", "--wp-config", s.WPConfig, "--listen", "unix:" + path}
	wantFailure(t, command(t, nil, second...), "another server is already using it")
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")

	server.Kill()
	fileMode(t, path) // it is left behind
	server = s.Serve("--listen", "unix:"+path)
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	if mode := fileMode(t, path); mode != fs.ModeSocket|0o666 {
		t.Errorf("the socket's mode is %s", mode)
	}
	server.Stop()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there after an end in order")
	}

	stage.WriteFile(t, path, "something else")
	wantFailure(t, command(t, nil, second...), "not a socket")
	if stage.ReadFile(t, path) != "something else" {
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
	s.Put("refresh", "r1", s.app, stage.Row{})
	s.Flush()
	server := s.Serve("--request-timeout", "1s")
	alive(t, server)
	if a := server.Get("/readyz"); a.Status != http.StatusOK {
		t.Errorf("readyz: %s", a)
	}

	s.Server.Kill()
	away(t, server)
	server.Stop()
	server = s.Serve("--request-timeout", "1s")
	away(t, server)
	if err := s.Server.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	stage.Eventually(t, stage.Patience, "readyz is 200 again", func() bool { return server.Get("/readyz").Status == http.StatusOK })
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	server.Await("the database answers")
}

// away checks what a server without a database says.
func away(t *testing.T, server *stage.Sidecar) {
	t.Helper()
	alive(t, server)
	if a := server.Get("/readyz"); a.Status != http.StatusServiceUnavailable || a.Member("reason") == "" {
		t.Errorf("readyz without a database: %s", a)
	}
	a := server.Post("grant_type", "refresh_token", "refresh_token", "r1", "client_id", "x", "client_secret", "y")
	if a.UnavailableFault() != "" {
		t.Errorf("without a database: %s: %s", a.UnavailableFault(), a)
	}
}

func alive(t *testing.T, server *stage.Sidecar) {
	t.Helper()
	if a := server.Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("healthz: %s", a)
	}
}
