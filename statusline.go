package main

import (
	"fmt"
	"os"
)

// statusLine shows how long work goes, on a line that overwrites itself. It shows
// nothing where nobody looks: in a file or a pipe.
type statusLine struct {
	file  *os.File
	shown bool
}

// newStatusLine shows on f if that is a terminal.
func newStatusLine(f *os.File) *statusLine {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &statusLine{}
	}
	return &statusLine{file: f}
}

// The codes of ECMA-48 that go to the line's beginning and empty it.
const emptyLine = "\r\x1b[K"

func (l *statusLine) show(text string) {
	if l.file != nil {
		fmt.Fprint(l.file, emptyLine+text)
		l.shown = true
	}
}

// clear makes room for a line of output.
func (l *statusLine) clear() {
	if l.shown {
		fmt.Fprint(l.file, emptyLine)
		l.shown = false
	}
}
