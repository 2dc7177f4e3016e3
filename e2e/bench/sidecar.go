package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// sidecar is a running moserver-sidecar, on a unix socket, with its log in a
// file, as systemd's journal would be.
type sidecar struct {
	socket  string
	pid     int
	ready   time.Duration // from its start to the first 200 of /readyz
	command *exec.Cmd
}

// startSidecar starts the program and waits until it is ready. It ends with t,
// or earlier with stop.
func startSidecar(t stage.T, binary, wpConfig string, flags ...string) *sidecar {
	dir := stage.ShortDir(t)
	s := &sidecar{socket: filepath.Join(dir, "token.sock")}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the child has its own
	s.command = exec.Command(binary, append([]string{"serve", "--wp-config", wpConfig, "--listen", "unix:" + s.socket}, flags...)...)
	s.command.Env = []string{"PATH=" + os.Getenv("PATH")}
	s.command.Stdout, s.command.Stderr = log, log
	s.command.SysProcAttr = sandbox.ChildAttributes()
	start := time.Now()
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	s.pid = s.command.Process.Pid
	if err := s.awaitReady(start); err != nil {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

func (s *sidecar) awaitReady(start time.Time) error {
	client := stage.HTTPClient("unix:" + s.socket)
	defer client.CloseIdleConnections()
	for time.Since(start) < stage.Patience {
		if conn, err := net.Dial("unix", s.socket); err == nil {
			conn.Close()
			response, err := client.Get("http://localhost/readyz")
			if err == nil {
				response.Body.Close()
			}
			if err == nil && response.StatusCode == http.StatusOK {
				s.ready = time.Since(start)
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("the sidecar is not ready after %s", stage.Patience)
}

// stop ends the process, once.
func (s *sidecar) stop() {
	if s.command.ProcessState != nil {
		return
	}
	_ = s.command.Process.Signal(os.Interrupt) // it fails only if it has ended
	_ = s.command.Wait()
}
