package commands

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// statusLine shows progress on a line of the terminal that overwrites itself, once the
// work has taken a second. It shows nothing in a file or a pipe.
type statusLine struct {
	mu   sync.Mutex
	file *os.File // nil: not a terminal
	late bool     // a second has passed
	text string
}

// newStatusLine shows on f if that is a terminal.
func newStatusLine(f *os.File) *statusLine {
	l := &statusLine{}
	if !isTerminal(f) {
		return l
	}
	l.file = f
	time.AfterFunc(time.Second, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.late = true
		if l.text != "" {
			l.write()
		}
	})
	return l
}

// isTerminal reports whether someone may be there to read and answer. The null device
// looks like a terminal too.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// write replaces the line, with the codes of ECMA-48.
func (l *statusLine) write() {
	if l.file != nil && l.late {
		fmt.Fprint(l.file, "\r\x1b[K"+l.text)
	}
}

// show replaces the text of the line.
func (l *statusLine) show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = text
	l.write()
}

// clear makes room for a line of output.
func (l *statusLine) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text != "" {
		l.text = ""
		l.write()
	}
}
