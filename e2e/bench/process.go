package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of the times in /proc/PID/stat, on all of Linux's
// architectures that Go runs on.
const tick = 10 * time.Millisecond

// loadGenerator is what this program itself is called among the processes.
const loadGenerator = "generator"

// processes are those whose cost is measured, by name; each counts with the
// processes that it has started.
type processes map[string]int

// cpu is the processor time that each has taken so far, and this program.
func (p processes) cpu() (map[string]time.Duration, error) {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return nil, err
	}
	times := map[string]time.Duration{loadGenerator: time.Duration(own.Utime.Nano() + own.Stime.Nano())}
	for name, pid := range p {
		for _, member := range family(pid) {
			t, err := cpuTime(member)
			if err != nil && member == pid {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			times[name] += t // a child may have ended; its time is then its parent's
		}
	}
	return times, nil
}

// cpuTime is the time that a process and its children that have ended were on a
// processor: proc(5), utime, stime, cutime and cstime.
func cpuTime(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	ticks := 0
	for _, field := range fields[14-3 : 18-3] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// stat is /proc/PID/stat from its third field on, the state. The second, a name
// in parentheses, may hold spaces.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])), nil
}

// family is a process and all that run below it.
func family(pid int) []int {
	children := map[int][]int{}
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, dir := range all {
		child, _ := strconv.Atoi(filepath.Base(dir))
		fields, err := stat(child)
		if err != nil {
			continue // it has ended
		}
		parent, _ := strconv.Atoi(fields[4-3])
		children[parent] = append(children[parent], child)
	}
	members := []int{pid}
	for i := 0; i < len(members); i++ {
		members = append(members, children[members[i]]...)
	}
	return members
}

// resetPeak lets the peak of a process's memory start anew: proc(5), clear_refs.
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// peak is the most memory that a process with its children has had, in bytes.
func peak(pid int) (most int64) {
	for _, member := range family(pid) {
		status := fmt.Sprintf("/proc/%d/status", member)
		most += max(bytesIn(status, "VmHWM:"), bytesIn(status, "VmRSS:")) // the kernel brings the first up to date later
	}
	return most
}

// bytesIn is a line's size in a file of /proc, where it is in KiB; 0 if there is none.
func bytesIn(path, name string) int64 {
	text, _ := os.ReadFile(path) // a process may have ended
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
