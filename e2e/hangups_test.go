package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// hangUps is how many clients leave before they are answered, in each test.
const hangUps = 500

// TestHangUps: clients that leave cost the database no connection. Its server
// counts such, and locks the whole host out when there are too many.
func TestHangUps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		delay time.Duration // of all that the sidecar sends to the database
	}{
		{"over TCP", 0},
		{"of a slow database", 20 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, address := tcpDatabase(t)
			s := newSite(t, server)
			if c.delay > 0 {
				p := newFaultProxy(t, server)
				p.set(false, false, c.delay)
				address = "localhost:" + p.socket
			}
			// That many who leave at once may be more than max_in_flight.
			sidecar := s.Serve("--db-host", address, "--max-in-flight", "5000")
			before := s.aborted()
			s.hangUp(sidecar, hangUps) // while connections are being established
			answers := refreshLoad(s, sidecar, func() { s.hangUp(sidecar, hangUps) })
			if _, away := s.judge(answers); away > 0 {
				t.Errorf("%d clients that stayed had to wait", away)
			}
			if after := s.aborted(); after != before {
				t.Errorf("the database lost connections: %s before, %s after", before, after)
			}
		})
	}
}

// TestHostBlocked: when the database has blocked this machine, everybody waits and
// nobody's token is said to be over; the log and check say what it takes to end that.
func TestHostBlocked(t *testing.T) {
	t.Parallel()
	server, address := tcpDatabase(t, "--skip-name-resolve=0", "--max-connect-errors=1")
	s := newSite(t, server)
	s.Put("refresh", "r1", s.app, stage.Row{})
	p := newFaultProxyTo(t, func() (net.Conn, error) { // a machine that is not 127.0.0.1, which the database never blocks
		return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}).Dial("tcp", address)
	})
	flags := []string{"--db-host", "localhost:" + p.socket}
	sidecar := s.ServeWith(impatient(), flags...)
	sidecar.Refresh(s.app, "r1").WantTokens(t, "profile email")
	stage.Eventually(t, stage.Patience, "the machine is blocked", func() bool {
		conn, err := p.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		greeting := make([]byte, 512)
		n, err := conn.Read(greeting)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(greeting[:n], []byte("is blocked"))
	})
	stage.Eventually(t, stage.Patience, "its connections are closed", func() bool {
		ids := s.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND HOST <> 'localhost'")
		for _, id := range ids {
			_, _ = s.Root.Exec("KILL " + id) // it fails only for one that has ended meanwhile
		}
		return len(ids) == 0
	})
	wantAway(t, sidecar.Refresh(s.app, "r1"))
	check := command(t, nil, append([]string{"check", "--wp-config", s.WPConfig}, flags...)...)
	for _, text := range []string{"FLUSH HOSTS", "127.0.0.9", "1129"} {
		if check.code != 1 || !strings.Contains(check.stdout, text) {
			t.Errorf("check does not say %q: %s", text, check.stdout)
		}
	}
	s.Exec("FLUSH HOSTS")
	sidecar.Refresh(s.app, "r1").WantTokens(t, "profile email")
	wantOutage(t, sidecar, "FLUSH HOSTS")
}

// tcpDatabase starts a database that is reached over TCP, at an address.
func tcpDatabase(t testing.TB, args ...string) (server *sandbox.Server, address string) {
	t.Helper()
	address = stage.FreeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--skip-networking=0", "--bind-address=" + host, "--port=" + port}, args...)
	return sandboxtest.Start(t, sandbox.Options{Args: args}), address
}

// aborted is what the database counts of connections that were not ended in order.
func (s *site) aborted() string {
	s.t.Helper()
	var text []string
	for _, name := range []string{"Aborted_clients", "Aborted_connects"} {
		text = append(text, fmt.Sprint(name, " ", s.Status(name)))
	}
	return strings.Join(text, ", ")
}

// hangUp sends good requests and leaves within some milliseconds, so that they
// are met at each step of their way.
func (s *site) hangUp(server *stage.Sidecar, times int) {
	s.Put("refresh", fmt.Sprintf("leaver %d", times), s.app, stage.Row{})
	body := stage.Encode(stage.RefreshForm(s.app, fmt.Sprintf("leaver %d", times))...)
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		stage.TokenPath, len(body), body)
	var leavers sync.WaitGroup
	for range workers {
		leavers.Go(func() {
			for range times / workers {
				conn, err := net.Dial("tcp", strings.TrimPrefix(server.Base, "http://"))
				if err != nil {
					s.t.Error(err)
					return
				}
				_, err = conn.Write([]byte(request))
				time.Sleep(rand.N(10 * time.Millisecond))
				conn.Close()
				if err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	leavers.Wait()
}
