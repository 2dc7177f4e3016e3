package commands

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"moserver-sidecar/config"
)

const (
	// maxLogLines is how many lines may wait to be read: a few seconds of a busy server,
	// about two megabytes.
	maxLogLines = 8192

	// maxLogWrite is how many bytes of them are written at once, and perhaps a line more.
	maxLogWrite = 16 << 10

	// flushTimeout is how long a process that ends waits for the log to be read.
	flushTimeout = 2 * time.Second
)

// logQueue is between a logger and standard error. A write to a pipe or terminal that is
// not read waits, and requests must not wait with it: a line that does not fit into the
// queue is dropped and counted. A Write is a whole line.
type logQueue struct {
	lines   chan logLine
	dropped atomic.Int64 // since the last line that reported it
	lost    atomic.Int64 // dropped in all
	out     io.Writer
	note    *slog.Logger // straight to out
}

// logLine is a line, or a waiter for all lines before it.
type logLine struct {
	text    []byte
	written chan struct{}
}

// newLogger logs to standard error, where systemd and Docker expect it.
func newLogger(s config.Settings) *slog.Logger { return slog.New(logHandler(s, os.Stderr)) }

// newServerLogger is newLogger for a server, which does not wait until its log is read.
// Flush the queue before the process ends.
func newServerLogger(s config.Settings) (*slog.Logger, *logQueue) {
	// Otherwise Go ends the process when the reader of standard error is gone.
	signal.Ignore(syscall.SIGPIPE)
	q := &logQueue{lines: make(chan logLine, maxLogLines), out: os.Stderr, note: newLogger(s)}
	go q.run()
	return slog.New(logHandler(s, q)), q
}

func logHandler(s config.Settings, w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == config.LogJSON {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// Write implements io.Writer. It never waits.
func (q *logQueue) Write(line []byte) (int, error) {
	select {
	case q.lines <- logLine{text: bytes.Clone(line)}:
	default:
		q.drop(1)
	}
	return len(line), nil
}

func (q *logQueue) drop(lines int) {
	q.dropped.Add(int64(lines))
	q.lost.Add(int64(lines))
}

// run writes the lines in order, all that wait in one go.
func (q *logQueue) run() {
	for line := range q.lines {
		text, lines := line.text, 1
		for line.written == nil && len(text) < maxLogWrite && len(q.lines) > 0 {
			if line = <-q.lines; line.written == nil {
				text = append(text, line.text...)
				lines++
			}
		}
		q.write(text, lines)
		if line.written != nil {
			close(line.written)
		}
	}
}

func (q *logQueue) write(text []byte, lines int) {
	if len(text) == 0 {
		return
	}
	if _, err := q.out.Write(text); err != nil {
		q.drop(lines)
	} else if n := q.dropped.Swap(0); n > 0 {
		q.note.Error("lines of the log were lost: nobody read them in time", "lines", n)
	}
}

// flush waits a moment until the lines logged so far are written, and reports whether they
// are.
func (q *logQueue) flush() bool {
	timeout := time.After(flushTimeout)
	last := logLine{written: make(chan struct{})}
	select {
	case q.lines <- last:
	case <-timeout:
		return false
	}
	select {
	case <-last.written:
		return true
	case <-timeout:
		return false
	}
}
