package sandbox

import "syscall"

// childAttributes lets the kernel end mariadbd when this process dies, however
// it dies, and keeps the terminal's Ctrl-C from reaching it: it is stopped in
// order, after what uses it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
