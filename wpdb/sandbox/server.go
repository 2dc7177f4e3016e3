// Package sandbox starts a private MariaDB, with a small WordPress site in it,
// for the demo and for the tests. It needs nothing but the mariadbd program:
// an empty folder serves as data directory, and a unix socket in that folder
// is the only way in.
package sandbox

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql" // the database is set up and asked through it
)

const (
	startTimeout = 60 * time.Second // a loaded machine after a crash; an idle one needs 0.2 s
	stopTimeout  = 30 * time.Second
	databaseName = "wordpress"
)

// Options differ between the tests; the zero value is right for the demo.
type Options struct {
	TimeZone string   // of the server, as in TZ: "Europe/Berlin"; empty: UTC
	Accounts bool     // with grant tables: root without a password, and passwords that count
	Args     []string // more arguments for the server
	Data     string   // a data directory to begin with a copy of; empty: a new one
	Program  string   // path of another server to start, a mariadbd or mysqld; empty: the mariadbd of this machine
}

// Server is a private MariaDB or MySQL. It ends with the process that started it, and
// its data with its folder.
type Server struct {
	Socket string // path of the unix socket
	Dir    string // of the data, the socket and the log

	options Options
	command *exec.Cmd
	program program
	exited  chan struct{} // closed when the server has ended
}

// Start makes a folder for the database, starts the server in it and creates
// the database "wordpress". Call Stop when done with it.
func Start(ctx context.Context, o Options) (*Server, error) {
	// The path of a socket must be short, so the folder is not made by the
	// testing package.
	dir, err := os.MkdirTemp("", "moserver-")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, Socket: filepath.Join(dir, "db.sock"), options: o}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) prepare(ctx context.Context) (err error) {
	if s.program, err = findProgram(s.options.Program); err != nil {
		return err
	}
	for _, dir := range []string{s.DataDir(), s.tempDir()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	if err := s.initialize(ctx); err != nil {
		return err
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	db, err := sql.Open("mysql", "root@unix("+s.Socket+")/")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+databaseName+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
	return err
}

// DataDir is the server's data directory.
func (s *Server) DataDir() string { return filepath.Join(s.Dir, "data") }

// tempDir is for the server's temporary tables. In a folder that servers share,
// each one that starts removes those of the others.
func (s *Server) tempDir() string { return filepath.Join(s.Dir, "tmp") }

func (s *Server) logFile() string { return filepath.Join(s.Dir, "server.log") }

// Run starts the server on the data that is there, and waits until it serves.
// After Kill it brings the same database back.
func (s *Server) Run(ctx context.Context) error { return s.run(ctx) }

// run is Run with more arguments.
func (s *Server) run(ctx context.Context, more ...string) error {
	s.command = exec.Command(s.program.path, append(s.arguments(), more...)...)
	s.command.SysProcAttr = ChildAttributes()
	s.command.Env = append(os.Environ(), "TZ="+s.options.TimeZone)
	s.exited = make(chan struct{})
	if err := s.command.Start(); err != nil {
		return err
	}
	go func(c *exec.Cmd, exited chan struct{}) {
		_ = c.Wait() // how it ended is in its log
		close(exited)
	}(s.command, s.exited)
	return s.waitUntilReady(ctx)
}

func (s *Server) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	db, err := sql.Open("mysql", "root@unix("+s.Socket+")/")
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		// A node of a cluster takes connections before it takes statements.
		if _, err = db.ExecContext(ctx, "DO 1"); err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server has ended at once:\n%s", s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, s.logTail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// logTail is the end of the server's log.
func (s *Server) logTail() []byte {
	text, _ := os.ReadFile(s.logFile()) // without a log there is nothing to show
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-15):], []byte("\n"))
}

// Kill ends the server as kill -9 does, and keeps its data for Run. Use it with
// Accounts: a data directory that has never been closed in order may not have
// the first page of its files yet, and cannot be opened again.
func (s *Server) Kill() {
	_ = s.command.Process.Kill() // it fails only if the process has ended
	<-s.exited
}

// Halt ends the server in order, and keeps its data for Run.
func (s *Server) Halt() {
	if s.command != nil && s.command.Process != nil {
		_ = s.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.exited:
		case <-time.After(stopTimeout):
			s.Kill()
		}
	}
}

// Stop ends the server and removes its folder. It may be called more than once.
func (s *Server) Stop() error {
	s.Halt()
	return os.RemoveAll(s.Dir)
}

// DSN is a data source name for go-sql-driver, as root in the database
// "wordpress".
func (s *Server) DSN(parameters string) string {
	return "root@unix(" + s.Socket + ")/" + databaseName + "?" + parameters
}

// PID is the number of mariadbd's process.
func (s *Server) PID() int { return s.command.Process.Pid }

// Name is the name of the database.
func (s *Server) Name() string { return databaseName }
