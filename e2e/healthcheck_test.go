package e2e_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestHealthcheck: over TCP and a unix socket, with and without a database.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("")
	port := stage.FreeAddress(t)[len("127.0.0.1"):]
	for _, listen := range []string{"127.0.0.1" + port, port, "0.0.0.0" + port, "unix:" + filepath.Join(stage.ShortDir(t), "token.sock")} {
		environment := []string{"MOSERVER_LISTEN=" + listen, "MOSERVER_WP_CONFIG=" + s.WPConfig}
		server := stage.Start(t, environment, binary, "serve")
		server.Await("listening")
		command(t, environment, "healthcheck").want(t, 0, "ok\n")
		command(t, environment, "healthcheck", "--ready").want(t, 0, "ok\n")
		// A wp-config.php that cannot be read now is not the server's state.
		command(t, nil, "healthcheck", "--listen", listen, "--wp-config", "/nowhere").want(t, 0, "ok\n")
		server.Stop()
		wantFailure(t, command(t, environment, "healthcheck"), "nothing answers at "+listen)
	}
	server := s.Serve()
	address := strings.TrimPrefix(server.Base, "http://")
	s.Server.Kill()
	command(t, nil, "healthcheck", "--listen", address).want(t, 0, "ok\n")
	wantFailure(t, command(t, nil, "healthcheck", "--listen", address, "--ready"), "not ready: the database is not available")
	if err := s.Server.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	stage.Eventually(t, stage.Patience, "it is ready again", func() bool {
		return command(t, nil, "healthcheck", "--listen", address, "--ready").code == 0
	})
	if log := server.Stderr.String(); strings.Contains(log, "route=healthz") {
		t.Errorf("checks of a server that is well fill its log:\n%s", stage.Tail(log))
	}
}

// TestHealthcheckMistakes: another server on the port, and a wrong address.
func TestHealthcheckMistakes(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", stage.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>") // what the client makes of it is the test
		})) // it ends with its listener
	}()
	wantFailure(t, command(t, nil, "healthcheck", "--listen", l.Addr().String()), "is not this server")
	wantFailure(t, command(t, nil, "healthcheck", "--listen", "everywhere"), "--listen")
	wantFailure(t, command(t, nil, "healthcheck", "now"), "flags only")
	wantHelp(t, []string{"healthcheck", "--help"}, "/readyz", "--ready", "Exit status")
}
