//go:build !linux

package sandbox

import "syscall"

// childAttributes keeps the terminal's Ctrl-C from reaching mariadbd: it is
// stopped in order, after what uses it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
