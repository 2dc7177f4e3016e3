package main

import (
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
	*stage.Process
	socket string
	ready  time.Duration // from its start to the first 200 of /readyz
}

// startSidecar starts a program on a site and waits until it is ready.
func (s *stand) startSidecar(binary, wpConfig string) *sidecar {
	dir := stage.ShortDir(s.t)
	socket := filepath.Join(dir, "token.sock")
	log, err := os.Create(filepath.Join(dir, "log"))
	s.must(err)
	defer log.Close() // the child has its own
	c := exec.Command(binary, "serve", "--wp-config", wpConfig, "--listen", "unix:"+socket)
	c.SysProcAttr, c.Stderr = sandbox.ChildAttributes(), log
	client := stage.HTTPClient("unix:" + socket)
	defer client.CloseIdleConnections()
	start := time.Now()
	p := stage.StartCommand(s.t, nil, c)
	p.AwaitThat("it is ready", func() bool {
		a, err := stage.Do(client, stage.NewRequest(http.MethodGet, "http://localhost/readyz", ""))
		return err == nil && a.Status == http.StatusOK
	})
	return &sidecar{p, socket, time.Since(start)}
}
