package sandboxtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Patience bounds every wait for something that should happen. It ends a test that
// hangs and says nothing about speed: a loaded machine needs it.
const Patience = 40 * time.Second

// T is what the functions here need of a test. What goes wrong while something is
// set up ends the test, with a sentence.
type T = testing.TB

// Run calls f with a T outside of a test. When f ends, by Fatal too, what was
// left for Cleanup is done, the last first. Run returns all that went wrong;
// what is logged goes to standard error.
func Run(f func(t T)) error {
	p := &play{}
	p.act(func() { f(p) })
	for len(p.cleanups) > 0 {
		last := p.cleanups[len(p.cleanups)-1]
		p.cleanups = p.cleanups[:len(p.cleanups)-1]
		p.act(last)
	}
	return errors.Join(p.failures...)
}

// Main is the TestMain of a package whose tests wait for other processes most of
// the time: so many of them run at once, if the command line says nothing else,
// whatever the number of processors. setUp makes before what all of them use.
// Main does not return.
func Main(m interface{ Run() int }, parallel int, setUp func(t T)) {
	_ = flag.Set("test.parallel", strconv.Itoa(parallel)) // the flag is there; the command line counts after this
	flag.Parse()
	// The tests' own connections break when a test kills the database.
	_ = mysql.SetLogger(log.New(io.Discard, "", 0)) // it refuses only nil
	code := 1
	err := Run(func(t T) {
		setUp(t)
		code = m.Run()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// Within is a context that ends after d, or with the test.
func Within(t T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// Eventually waits until done, at most for d.
func Eventually(t T, d time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", d, what)
		}
	}
}

// NoError ends the test if there is an error.
func NoError(t T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// play is the T of a program that is no test; it has the methods that are used here.
type play struct {
	T        // nil
	mu       sync.Mutex
	failures []error
	cleanups []func()
}

// act calls f where Fatal can end it: in a goroutine of its own.
func (p *play) act(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// Helper implements testing.TB.
func (p *play) Helper() {}

// TempDir implements testing.TB.
func (p *play) TempDir() string { return ShortDir(p) }

// Cleanup implements testing.TB.
func (p *play) Cleanup(f func()) { p.with(func() { p.cleanups = append(p.cleanups, f) }) }

// Failed implements testing.TB.
func (p *play) Failed() (failed bool) {
	p.with(func() { failed = len(p.failures) > 0 })
	return failed
}

// Logf implements testing.TB.
func (p *play) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Error implements testing.TB.
func (p *play) Error(args ...any) {
	p.with(func() { p.failures = append(p.failures, errors.New(fmt.Sprint(args...))) })
}

// Errorf implements testing.TB.
func (p *play) Errorf(format string, args ...any) { p.Error(fmt.Sprintf(format, args...)) }

// Fatal implements testing.TB.
func (p *play) Fatal(args ...any) {
	p.Error(args...)
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (p *play) Fatalf(format string, args ...any) { p.Fatal(fmt.Sprintf(format, args...)) }

func (p *play) with(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}
