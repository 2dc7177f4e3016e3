package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoMariaDB says that there is no mariadbd to start.
var ErrNoMariaDB = errors.New("mariadbd is not on this machine; on Debian: apt-get install mariadb-server-core")

// Find returns the path of mariadbd, which is often in sbin and so not on the
// PATH of a plain user.
func Find() (string, error) {
	for _, name := range []string{"mariadbd", "/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd", "/usr/local/bin/mariadbd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoMariaDB
}

// program is a server to start.
type program struct {
	path  string
	mysql bool // it is MySQL's own
}

// findProgram looks at the server at path, or at this machine's.
func findProgram(path string) (program, error) {
	if path == "" {
		path, err := Find()
		return program{path: path}, err
	}
	version, err := exec.Command(path, "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return program{}, fmt.Errorf("%s --version: %w\n%s", path, err, version)
	}
	return program{path: path, mysql: !bytes.Contains(version, []byte("MariaDB"))}, nil
}

// initialize makes what the server needs before its first start. MariaDB starts
// in an empty folder, but without grant tables; MySQL does not.
func (s *Server) initialize(ctx context.Context) error {
	var c *exec.Cmd
	switch {
	case s.options.Data != "":
		return os.CopyFS(s.DataDir(), os.DirFS(s.options.Data))
	case s.program.mysql:
		c = exec.CommandContext(ctx, s.program.path, append(s.arguments(), "--initialize-insecure", "--log-error-verbosity=1")...)
	case s.options.Accounts:
		c = exec.CommandContext(ctx, s.installProgram(), "--no-defaults", "--datadir="+s.DataDir(), "--tmpdir="+s.tempDir(),
			"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
			"--force") // even where the name of this host cannot be looked up
		if os.Getuid() == 0 {
			c.Args = append(c.Args, "--user=root")
		}
	default:
		return nil
	}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s%s", filepath.Base(c.Path), err, out, s.logTail())
	}
	return nil
}

// installProgram is the mariadb-install-db that belongs to the server.
func (s *Server) installProgram() string {
	beside := filepath.Join(filepath.Dir(s.program.path), "..", "bin", "mariadb-install-db")
	if _, err := os.Stat(beside); s.options.Program != "" && err == nil {
		return beside
	}
	return "mariadb-install-db"
}

func (s *Server) arguments() []string {
	args := []string{
		"--no-defaults", "--datadir=" + s.DataDir(), "--tmpdir=" + s.tempDir(), "--socket=" + s.Socket, "--log-error=" + s.logFile(),
		"--pid-file=" + filepath.Join(s.Dir, "server.pid"),
		"--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=1",
		"--skip-networking", "--skip-name-resolve", "--character-set-server=utf8mb4",
	}
	if s.program.mysql {
		args = append(args, "--innodb-redo-log-capacity=16M", "--mysqlx=OFF", "--secure-file-priv=NULL", "--skip-log-bin")
	} else {
		args = append(args, "--innodb-log-file-size=16M")
	}
	if !s.options.Accounts {
		args = append(args, "--skip-grant-tables")
	}
	if os.Getuid() == 0 {
		args = append(args, "--user=root") // it refuses to be root unasked
	}
	return append(args, s.options.Args...)
}
