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
	// maxLogLines is how many lines may wait for a reader: some seconds of a busy
	// server's, and about two megabytes.
	maxLogLines = 8192

	// flushTimeout is how long the end of the process waits for a reader.
	flushTimeout = 2 * time.Second
)

// logQueue stands between a logger and standard error. A pipe or terminal that
// nobody reads makes a write wait, and must not make a request wait: a line that
// has no place in the queue is dropped and counted. A Write is a whole line.
type logQueue struct {
	lines   chan logLine
	dropped atomic.Int64 // since the last line that told of it
	out     io.Writer
	note    *slog.Logger // straight to out
}

// logLine is a line, or else somebody who waits for all lines before.
type logLine struct {
	text    []byte
	written chan struct{}
}

// newLogger logs to standard error, where systemd and Docker look for it.
func newLogger(s config.Settings) *slog.Logger { return slog.New(logHandler(s, os.Stderr)) }

// newServerLogger is newLogger for a server, which does not wait for a reader of
// its log. Call flush before the process ends: it waits a moment for what was
// logged to be written, and reports whether it was.
func newServerLogger(s config.Settings) (log *slog.Logger, flush func() bool) {
	// Else Go ends the process when the reader of standard error has gone.
	signal.Ignore(syscall.SIGPIPE)
	q := &logQueue{lines: make(chan logLine, maxLogLines), out: os.Stderr, note: newLogger(s)}
	go q.run()
	return slog.New(logHandler(s, q)), q.flush
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
		q.dropped.Add(1)
	}
	return len(line), nil
}

// run writes lines in the order in which they came.
func (q *logQueue) run() {
	for line := range q.lines {
		if line.written != nil {
			close(line.written)
			continue
		}
		if _, err := q.out.Write(line.text); err != nil {
			q.dropped.Add(1)
		} else if n := q.dropped.Swap(0); n > 0 {
			q.note.Error("lines of the log were lost: nobody read them in time", "lines", n)
		}
	}
}

// flush waits until the lines logged so far are written, and says if they are.
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
