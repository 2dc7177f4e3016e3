package commands

import (
	"os"
	"path/filepath"
	"strings"

	"moserver-sidecar/config"
)

// passwordFile has the users of a machine. An image of nothing but this program
// has none, and nobody else is there.
const passwordFile = "/etc/passwd"

// socketWarnings says that every user of the machine can write to the socket, if
// that is so. Empty, and not nil, if there is nothing to say.
func socketWarnings(s config.Settings) []string {
	path, isUnix := strings.CutPrefix(s.Listen, "unix:")
	if _, err := os.Stat(passwordFile); !isUnix || s.SocketMode&0o002 == 0 || err != nil || !openToAll(filepath.Dir(path)) {
		return []string{}
	}
	return []string{"every user of this machine can write to the socket " + path + ", and forge X-Forwarded-For to lock out others; " +
		"set socket_mode: 0660 and run with the web server's group, or close the folder (chmod 0750)"}
}

// openToAll says if any user may enter a folder. One that is not there yet, such
// as systemd makes at start, is not judged.
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
