package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"moserver-sidecar/config"
)

// listen opens the address to listen on: host:port, or unix: and a path.
func listen(address string, mode fs.FileMode) (net.Listener, error) {
	network, path := config.Endpoint(address)
	if network == "tcp" {
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

// listenError adds the remedy to the reason why an address cannot be used.
func listenError(err error) error {
	var call *os.SyscallError
	if !errors.As(err, &call) {
		return err
	}
	switch {
	case errors.Is(call.Err, fs.ErrPermission):
		return fmt.Errorf("%w: this user may not use a port below 1024; choose a higher one", call.Err)
	case errors.Is(call.Err, syscall.EADDRINUSE):
		return fmt.Errorf("%w; is another server already using it?", call.Err)
	case errors.Is(call.Err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: this machine does not have that address", call.Err)
	}
	return call.Err
}

// removeStaleSocket removes the socket of a killed process. It does not touch a socket
// that is still in use, or another kind of file.
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
		return fmt.Errorf("cannot listen on unix:%s: another server is already using it", path)
	}
	return os.Remove(path)
}

// passwordFile has the users of a machine. An image with only this program has neither
// the file nor other users.
const passwordFile = "/etc/passwd"

// socketWarnings warns if every user of the machine can write to the socket. If not, it
// is empty, and in JSON a list.
func socketWarnings(s config.Settings) []string {
	network, path := config.Endpoint(s.Listen)
	if _, err := os.Stat(passwordFile); network == "tcp" || s.SocketMode&0o002 == 0 || err != nil || !openToAll(filepath.Dir(path)) {
		return []string{}
	}
	return []string{"every user of this machine can write to the socket " + path + ", and forge X-Forwarded-For to lock out others; " +
		"set socket_mode: 0660 and run with the web server's group, or close the folder (chmod 0750)"}
}

// openToAll reports whether any user may enter a folder. It is false for a folder that
// does not exist yet, such as one that systemd creates.
func openToAll(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}
