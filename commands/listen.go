package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// listen opens the address to listen on: host:port, or unix: and a path.
func listen(address string, mode fs.FileMode) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(address, "unix:")
	if !isUnix {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", address, listenError(err))
		}
		return listener, nil
	}
	if err := removeStaleSocket(path); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; does its folder exist, and may this user write to it?", address, err)
	}
	return listener, os.Chmod(path, mode)
}

// listenError adds to why an address cannot be had what to do about it.
func listenError(err error) error {
	var call *os.SyscallError
	if !errors.As(err, &call) {
		return err
	}
	switch {
	case errors.Is(call.Err, fs.ErrPermission):
		return fmt.Errorf("%w: this user may not use a port below 1024; choose a higher one", call.Err)
	case errors.Is(call.Err, syscall.EADDRINUSE):
		return fmt.Errorf("%w; is another server there already?", call.Err)
	case errors.Is(call.Err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: this machine does not have it", call.Err)
	}
	return call.Err
}

// removeStaleSocket removes what a killed process has left behind. A socket
// that somebody still listens on, or another kind of file, is not touched.
func removeStaleSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("cannot listen on unix:%s: there is a file that is not a socket", path)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return fmt.Errorf("cannot listen on unix:%s: another server is there already", path)
	}
	return os.Remove(path)
}
