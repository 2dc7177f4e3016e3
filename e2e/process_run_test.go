package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for another process; a loaded machine needs it.
const patience = 40 * time.Second

// process is a program that a test has started.
type process struct {
	t      testing.TB
	name   string
	cmd    *exec.Cmd
	stdout buffer
	stderr buffer
	exited chan struct{} // closed when it has ended
}

// buffer is what a process has written so far.
type buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

// String is all that was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

// start starts a program. Its environment has nothing but PATH, HOME and what
// is given, so that settings of the machine cannot change a test.
func start(t testing.TB, environment []string, program string, args ...string) *process {
	t.Helper()
	return startCommand(t, environment, exec.Command(program, args...))
}

// startCommand is start for a command that somebody has prepared.
func startCommand(t testing.TB, environment []string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: cmd.Path, cmd: cmd, exited: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, environment...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.WaitDelay = time.Second // for what a child of its own still holds open
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.exited)
	}()
	t.Cleanup(p.cleanUp)
	return p
}

// cleanUp ends what a test has left running.
func (p *process) cleanUp() {
	p.kill()
	if strings.Contains(p.stderr.String(), "DATA RACE") {
		p.t.Errorf("%s: the race detector has found something:\n%s", p.name, p.stderr.String())
	}
	if p.t.Failed() {
		p.t.Logf("what %s wrote:\n%s%s", p.name, tail(p.stdout.String()), tail(p.stderr.String()))
	}
}

// tail is the end of a long text.
func tail(text string) string {
	const most = 1500
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// running says if the process has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it fails only if the process has ended
	<-p.exited
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// exit waits for the process to end, and returns its exit status.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s has not ended", p.name)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop asks the process to end, and fails the test if it does not do so with
// status 0.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		p.t.Errorf("%s: exit status %d after SIGTERM", p.name, code)
	}
}

// await waits until the process has written text to standard error.
func (p *process) await(text string) {
	p.t.Helper()
	p.awaitThat(text, func() bool { return strings.Contains(p.stderr.String(), text) })
}

// awaitThat waits until done; the process must not end before.
func (p *process) awaitThat(what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		select {
		case <-p.exited:
			if !done() {
				p.t.Fatalf("%s ended with status %d; waited for %q", p.name, p.cmd.ProcessState.ExitCode(), what)
			}
			return
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: %q did not happen", p.name, what)
		}
	}
}

// result is what a program that has ended left behind.
type result struct {
	code           int
	stdout, stderr string
}

// command runs moserver-sidecar to its end.
func command(t testing.TB, environment []string, args ...string) result {
	t.Helper()
	p := start(t, environment, binary, args...)
	return result{p.exit(), p.stdout.String(), p.stderr.String()}
}
