package stage

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// Process is a program that a test has started, with the processes that it
// starts itself.
type Process struct {
	Stdout Buffer
	Stderr Buffer

	t      T
	name   string
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended
}

// Buffer is what a process has written so far.
type Buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

// String is all that was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

// Start starts a program. Its environment has nothing but PATH, HOME and what
// is given, so that settings of the machine cannot change a test, and a word to the
// race detector: else it lets every program sleep for a second at its end.
func Start(t T, environment []string, program string, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = sandbox.ChildAttributes()
	return StartCommand(t, environment, cmd)
}

// StartCommand is Start for a command that the caller has prepared, with
// attributes that begin as sandbox.ChildAttributes. Its standard error may be elsewhere
// already.
func StartCommand(t T, environment []string, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, name: cmd.Path, cmd: cmd, exited: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GORACE=atexit_sleep_ms=0"}, environment...)
	p.cmd.Stdout = &p.Stdout
	if p.cmd.Stderr == nil {
		p.cmd.Stderr = &p.Stderr
	}
	p.cmd.WaitDelay = time.Second // for what a child of its own still holds open
	sandboxtest.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.exited)
	}()
	t.Cleanup(p.cleanUp)
	return p
}

// cleanUp ends what a test has left running.
func (p *Process) cleanUp() {
	p.Kill()
	if strings.Contains(p.Stderr.String(), "DATA RACE") {
		p.t.Errorf("%s: the race detector has found something:\n%s", p.name, p.Stderr.String())
	}
	if p.t.Failed() {
		p.t.Logf("what %s wrote:\n%s%s", p.name, Tail(p.Stdout.String()), Tail(p.Stderr.String()))
	}
}

// Tail is the end of a long text.
func Tail(text string) string {
	const most = 1500
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// Running reports whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Kill ends the process as kill -9 does.
func (p *Process) Kill() {
	if p.Running() { // else the number may be another's by now
		// All of its group: nginx and php-fpm have workers. It fails only if
		// all have ended.
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
	<-p.exited
}

// Signal sends a signal to the process alone.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// Exit waits for the process to end, and returns its exit status.
func (p *Process) Exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(Patience):
		p.t.Fatalf("%s has not ended", p.name)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks the process to end, and fails the test if it does not do so with
// status 0.
func (p *Process) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	if code := p.Exit(); code != 0 {
		p.t.Errorf("%s: exit status %d after SIGTERM", p.name, code)
	}
}

// Await waits until the process has written text to standard error.
func (p *Process) Await(text string) {
	p.t.Helper()
	p.AwaitThat(text, func() bool { return strings.Contains(p.Stderr.String(), text) })
}

// AwaitThat waits until done; the process must not end before.
func (p *Process) AwaitThat(what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(Patience); !done(); {
		select {
		case <-p.exited:
			if !done() {
				p.t.Fatalf("%s ended with status %d; waited for %q", p.name, p.cmd.ProcessState.ExitCode(), what)
			}
			return
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: %q did not happen", p.name, what)
		}
	}
}

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }
