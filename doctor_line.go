package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// lateLine shows on a terminal what goes on, once that has taken a second. It
// shows nothing where nobody looks: in a file or a pipe.
type lateLine struct {
	mu    sync.Mutex
	file  *os.File // nil: nobody looks, or it is over
	text  string
	shown bool
}

// newLateLine shows on f if that is a terminal.
func newLateLine(f *os.File) *lateLine {
	l := &lateLine{}
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		l.file = f
		time.AfterFunc(time.Second, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.shown = true
			l.write()
		})
	}
	return l
}

// write replaces the line, with the codes of ECMA-48.
func (l *lateLine) write() {
	if l.file != nil && l.shown {
		fmt.Fprint(l.file, "\r\x1b[K"+l.text)
	}
}

// show says what goes on from now on.
func (l *lateLine) show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = text + " …"
	l.write()
}

// clear makes room for output, for good.
func (l *lateLine) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = ""
	l.write()
	l.file = nil
}
