package wpconfig

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// The budget of one reading, all files together. A configuration has a few KiB and
// needs some hundred steps: anything beyond this is a mistake or an attack.
const (
	maxBytes     = 1 << 20
	maxSteps     = 20_000
	stepsPerFile = 100
	bytesPerStep = 64 // of strings that are put together, searched or compared
	maxFile      = maxBytes
)

// spend takes steps from the budget. When it is used up the reading ends.
func (r *reader) spend(line, steps int) bool {
	if r.steps += steps; r.steps <= maxSteps {
		return true
	}
	r.steps = maxSteps
	r.giveUp(line, "more work to read than a configuration is")
	return false
}

// take takes the bytes of a file or of code from the budget.
func (r *reader) take(bytes int) bool {
	if r.bytes+bytes <= maxBytes {
		r.bytes += bytes
		return true
	}
	r.giveUp(0, "with what it includes, larger than 1 MiB")
	return false
}

func (r *reader) giveUp(line int, what string) {
	if !r.spent {
		r.spent = true
		r.find(line, "is "+what+", so that this program reads no further; check the path, or set db_name, db_user, db_password, db_host and table_prefix instead", "")
	}
	r.halt = allDone
}

// read is a file, within the budget.
func (r *reader) read(path string) ([]byte, error) {
	if !r.spend(0, stepsPerFile) {
		return nil, fs.ErrInvalid
	}
	src, err := r.env.ReadFile(path)
	if err == nil && !r.take(len(src)) {
		err = fs.ErrInvalid
	}
	return src, err
}

func (e Env) withDefaults() Env {
	if e.Getenv == nil {
		e.Getenv = os.LookupEnv
	}
	if e.ReadFile == nil {
		e.ReadFile, e.Realpath = readRegular, realpath
		e.Exists = func(path string) error {
			_, err := os.Stat(path)
			return err
		}
	}
	return e
}

// readRegular reads at most one byte more than maxFile, and refuses pipes and
// devices, on which an opening or a read could block for ever. Of files such as
// /proc/kmsg, which claim to be regular and empty, it reads nothing.
func readRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: %w", path, fs.ErrInvalid)
	}
	return io.ReadAll(io.LimitReader(f, min(info.Size(), maxFile+1)))
}

func realpath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}
