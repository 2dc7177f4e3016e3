package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machineMemory is this machine's memory in bytes.
func machineMemory() int64 { return bytesIn("/proc/meminfo", "MemTotal:") }

// machine says in a line what a run was on.
func (s *stand) machine() string {
	database := s.stock.Strings("SELECT VERSION()")[0]
	model := "unknown processor"
	text, err := os.ReadFile("/proc/cpuinfo")
	s.must(err)
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d cores (%s), %.0f GiB, Linux %s, MariaDB %s, %s; all programs, the load generator too, on these cores",
		runtime.NumCPU(), model, float64(machineMemory())/(1<<30), version("uname", "-r"), database, runtime.Version())
}

// version is what a program says of its version, on one line.
func version(program string, args ...string) string {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}
