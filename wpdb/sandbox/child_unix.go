//go:build unix && !linux

package sandbox

import "syscall"

// ChildAttributes keeps the terminal's Ctrl-C from reaching a child: it is
// stopped in order, after what uses it. The child has a process group of its
// own.
func ChildAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
