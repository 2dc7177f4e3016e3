// Package stage sets up what the end-to-end tests and benchmarks run on, all of
// it real: the program that go build makes, a private MariaDB, nginx, php-fpm
// and WordPress, each in a folder of its own and gone when its test ends.
//
// Everything takes a T, which tests and benchmarks have. A program that is
// neither gets one from Run.
package stage

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// T is what the functions here need of a test. What goes wrong while the stage
// is set up ends the test, with a sentence.
type T interface {
	Helper()
	Cleanup(func())
	Failed() bool
	TempDir() string
	Logf(format string, args ...any)
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

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

// play is the T of a program that is no test.
type play struct {
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

// Helper implements T.
func (p *play) Helper() {}

// Cleanup implements T.
func (p *play) Cleanup(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cleanups = append(p.cleanups, f)
}

// Failed implements T.
func (p *play) Failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.failures) > 0
}

// TempDir implements T.
func (p *play) TempDir() string { return ShortDir(p) }

// Logf implements T.
func (p *play) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Error implements T.
func (p *play) Error(args ...any) { p.fail(fmt.Sprint(args...)) }

// Errorf implements T.
func (p *play) Errorf(format string, args ...any) { p.fail(fmt.Sprintf(format, args...)) }

// Fatal implements T.
func (p *play) Fatal(args ...any) {
	p.fail(fmt.Sprint(args...))
	runtime.Goexit()
}

// Fatalf implements T.
func (p *play) Fatalf(format string, args ...any) {
	p.fail(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (p *play) fail(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, errors.New(reason))
}
