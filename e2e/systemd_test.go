package e2e_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// TestReplaced: while one process takes the place of another on a socket that systemd
// has opened, as an upgrade of the package does it, requests wait and none is lost,
// whether nginx keeps its connections open or opens one for each.
func TestReplaced(t *testing.T) {
	t.Parallel()
	t.Run("new connections", func(t *testing.T) {
		replaced(t, func(dir, socket string) string { return snippetConf(t, dir, "unix:"+socket, "moserver-token.conf") })
	})
	t.Run("open connections", func(t *testing.T) {
		replaced(t, func(_, socket string) string { return siteConf(t, "unix:"+socket) })
	})
}

func replaced(t *testing.T, conf func(dir, socket string) string) {
	t.Parallel()
	s := newSite(t, database)
	s.Put("refresh", "r1", s.app, stage.Row{})
	dir := stage.ShortDir(t)
	socket, notify := filepath.Join(dir, "token.sock"), filepath.Join(dir, "notify.sock")
	told := listenNotify(t, notify)
	// The shell stands for systemd: it keeps the socket, and starts one server after
	// the other with it.
	serve := "echo server $$ >&2; LISTEN_PID=$$ exec " + binary + " serve --wp-config " + s.WPConfig
	holder := stage.Start(t, []string{"NOTIFY_SOCKET=" + notify, "WATCHDOG_USEC=200000"},
		"systemd-socket-activate", "-l", socket, "-E", "NOTIFY_SOCKET", "-E", "WATCHDOG_USEC",
		"sh", "-c", strings.Repeat("sh -c '"+serve+"'; ", 3))
	holder.AwaitThat("the socket is there", func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
	nginx := startNginx(t, dir, conf(dir, socket))

	refreshed := refreshAlways(t, nginx, s)
	for i := range 2 {
		await(t, told, "READY=1")
		await(t, told, "WATCHDOG=1")
		refreshed(20)
		pids := regexp.MustCompile(`(?m)^server (\d+)$`).FindAllStringSubmatch(holder.Stderr.String(), -1)
		pid, err := strconv.Atoi(pids[i][1])
		if err != nil || syscall.Kill(pid, syscall.SIGTERM) != nil {
			t.Fatalf("cannot end server %q", pids[i][1])
		}
		await(t, told, "STOPPING=1")
	}
	await(t, told, "READY=1")
	refreshed(20)
	if n := strings.Count(holder.Stderr.String(), "msg=stopped"); n != 2 {
		t.Errorf("%d servers have stopped in good order, not 2", n)
	}
}

// refreshAlways sends refreshes through nginx without a pause, each of which must give
// tokens, until the test ends. The function that it returns waits for n more answers.
func refreshAlways(t *testing.T, nginx *stage.Nginx, s *site) (refreshed func(n int64)) {
	var sent atomic.Int64
	var clients sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				a, err := stage.Do(nginx.HTTP, stage.FormRequest("http://"+nginx.Address+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
				if n := sent.Add(1); err != nil || a.Status != http.StatusOK {
					t.Errorf("request %d: %s %v", n, a, err)
				}
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		clients.Wait()
	})
	return func(n int64) {
		t.Helper()
		from := sent.Load()
		stage.Eventually(t, stage.Patience, "refreshes go on", func() bool { return sent.Load() >= from+n })
	}
}

// listenNotify is the socket of sd_notify(3), and each message that comes there.
func listenNotify(t *testing.T, path string) <-chan string {
	t.Helper()
	conn, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	told := make(chan string, 10_000)
	go func() {
		defer close(told)
		message := make([]byte, 4096)
		for {
			n, _, err := conn.ReadFrom(message)
			if err != nil {
				return
			}
			told <- string(message[:n])
		}
	}()
	return told
}

// await waits for a message.
func await(t *testing.T, told <-chan string, message string) {
	t.Helper()
	patience := time.After(stage.Patience)
	for {
		select {
		case m := <-told:
			if m == message {
				return
			}
		case <-patience:
			t.Fatalf("systemd was not told %s", message)
		}
	}
}
