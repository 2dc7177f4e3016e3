package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// idlers are the ways to hold a connection and send nothing, or too little.
func idlers() map[string]string {
	head := "POST " + stage.TokenPath + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n"
	return map[string]string{
		"silent":                 "",
		"a letter":               "P",
		"half a head":            head,
		"no body":                head + "\r\n",
		"kept after its request": "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
	}
}

// TestIdleConnections: a client that holds more connections than max_connections, and
// asks for nothing on them, keeps out neither other clients nor probes.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	for name, sent := range idlers() {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, database)
			address := "unix:" + filepath.Join(stage.ShortDir(t), "token.sock")
			server := s.Serve("--listen", address, "--max-connections", "100")
			server.HTTP.Timeout = 6 * time.Second // less than any time limit of the server
			s.Put("refresh", name, s.app, stage.Row{})
			hold(t, address[len("unix:"):], sent, 120)
			for range 10 {
				server.HTTP.CloseIdleConnections() // each asks on a connection of its own
				server.Refresh(s.app, name).WantTokens(t, "profile email")
				server.HTTP.CloseIdleConnections()
				alive(t, server)
				if a := server.Get("/readyz"); a.Status != http.StatusOK {
					t.Errorf("readyz: %s", a)
				}
			}
			command(t, nil, "healthcheck", "--ready", "--listen", address).want(t, 0, "ok")
			descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", server.PID()))
			if err != nil || len(descriptors) > 100+16+50 {
				t.Errorf("%d files are open, %v", len(descriptors), err)
			}
		})
	}
}

// hold keeps so many connections to a unix socket open until the test ends, and
// makes a new one for each that is closed.
func hold(t *testing.T, path, sent string, n int) {
	t.Helper()
	var running, connected sync.WaitGroup
	const pause = 100 * time.Millisecond // else the machine would do nothing but connect
	ctx := t.Context()                   // ends before what Cleanup has
	for range n {
		connected.Add(1)
		running.Go(func() {
			once := sync.OnceFunc(connected.Done)
			defer once()
			for ctx.Err() == nil {
				conn, err := net.Dial("unix", path)
				if err != nil {
					time.Sleep(pause) // the socket's queue is full
					continue
				}
				stop := make(chan struct{})
				go func() {
					select {
					case <-ctx.Done():
					case <-stop:
					}
					conn.Close()
				}()
				_, _ = conn.Write([]byte(sent)) // a connection that is closed meanwhile is made anew
				once()
				for buffer := make([]byte, 4096); err == nil; {
					_, err = conn.Read(buffer)
				}
				close(stop)
				time.Sleep(pause)
			}
		})
	}
	t.Cleanup(running.Wait)
	connected.Wait()
}

// TestAllConnectionsAtWork: while as many requests as max_connections wait for the
// database, probes get in, and others hear of it at once.
func TestAllConnectionsAtWork(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	address := stage.FreeAddress(t)
	server := s.Serve("--max-connections", "2", "--metrics-listen", address)
	s.Put("refresh", "r1", s.app, stage.Row{})
	unlock := s.lock("{}moos_oauth_access_tokens")
	answers := make(chan stage.Answer, 2)
	for range cap(answers) {
		go func() {
			a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	stage.Eventually(t, stage.Patience, "two requests wait for the lock", func() bool {
		return len(s.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' "+
			"AND INFO LIKE ?", "%"+s.Prefix+"moos_oauth_access_tokens%")) > 0 && server.Get("/healthz").Status == http.StatusOK &&
			server.Post("grant_type", "x").UnavailableFault() == ""
	})
	alive(t, server)
	newScraped(t, server, address).wantRefused("max_connections")
	unlock()
	for range cap(answers) {
		a := <-answers
		a.WantTokens(t, "profile email")
	}
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
}

// TestCheckSocket: check warns of a socket that every user of the machine can
// write to, and only of that; the warning does not make it fail.
func TestCheckSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for _, c := range []struct {
		folder os.FileMode
		flags  []string
		warns  bool
	}{
		{0o755, nil, true},
		{0o711, []string{"--socket-mode", "0666"}, true},
		{0o755, []string{"--socket-mode", "0660"}, false},
		{0o750, nil, false},
	} {
		dir := stage.ShortDir(t)
		if err := os.Chmod(dir, c.folder); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"check", "--wp-config", s.WPConfig, "--listen", "unix:" + filepath.Join(dir, "token.sock")}, c.flags...)
		r := command(t, nil, args...)
		r.want(t, 0, "ok: ")
		if warns := strings.Contains(r.stdout, "warning: every user"); warns != c.warns {
			t.Errorf("folder %o, %q: %s", c.folder, c.flags, r.stdout)
		}
	}
}
