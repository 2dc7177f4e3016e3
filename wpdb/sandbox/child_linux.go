package sandbox

import "syscall"

// ChildAttributes lets the kernel end a child when this process dies, however
// it dies, and keeps the terminal's Ctrl-C from reaching it: it is stopped in
// order, after what uses it. The child has a process group of its own.
func ChildAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
