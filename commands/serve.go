package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// diagnoseTimeout bounds a look at the database, at start and in check.
const diagnoseTimeout = 10 * time.Second

func serveCommand(newServer NewServer) command {
	run := func(args []string, _ io.Writer) error { return serve(args, newServer) }
	return command{name: "serve", summary: "answer token requests until SIGTERM", run: run, page: `  moserver-sidecar serve --wp-config /var/www/html/wp-config.php

Looks at the database first, and does not start on one that can never work,
such as one without the plugin's tables; each problem is a line of the log,
with what to do about it. A database that is only away is waited for. SIGTERM
and Ctrl-C let the requests in flight finish; a second one ends the process at
once.

Takes the settings as flags.

Exit status: 0 after SIGTERM or Ctrl-C, 1 if it cannot serve.
`}
}

func serve(args []string, newServer NewServer) error {
	flags := newFlags("serve")
	settings, err := loadSettings(flags, args)
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	log := newLogger(settings)
	store, err := openStore(settings, log)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := diagnoseAtStart(ctx, store, log); err != nil {
		return err
	}
	listener, err := listen(settings.Listen, settings.SocketMode)
	if err != nil {
		return err
	}
	go newPurgeTimer(store, settings.PurgeAfter, log).run(ctx)
	return runServer(ctx, listener, newServer(store, settings, log), settings, log)
}

// untilSignal is a context that ends with SIGTERM or Ctrl-C. A second signal
// ends the process at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// diagnoseAtStart refuses to start on a database that can never work. One that
// is only away is waited for: it often starts at the same time.
func diagnoseAtStart(ctx context.Context, store *wpdb.Store, log *slog.Logger) error {
	fatal, err := logFindings(ctx, store, log)
	if err != nil {
		log.Error("serving all the same, and waiting for the database", "error", err)
		go diagnoseWhenBack(ctx, store, log)
	}
	if fatal {
		return errFailed
	}
	return nil
}

// diagnoseWhenBack logs what is wrong with the database as soon as it answers.
func diagnoseWhenBack(ctx context.Context, store *wpdb.Store, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		if _, err := logFindings(ctx, store, log); err == nil {
			log.Info("the database answers")
			return
		}
	}
}

// logFindings logs all that is wrong with the database, and says if any of it
// keeps the server from working.
func logFindings(ctx context.Context, store *wpdb.Store, log *slog.Logger) (fatal bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, diagnoseTimeout)
	defer cancel()
	findings, err := store.Diagnose(ctx)
	for _, f := range findings {
		fatal = fatal || f.Fatal
		level := slog.LevelWarn
		if f.Fatal {
			level = slog.LevelError
		}
		log.Log(ctx, level, f.Problem, "id", f.Kind, "remedy", f.Remedy)
	}
	return fatal, err
}

// listen opens the address to listen on: host:port, or unix: and a path.
func listen(address string, mode fs.FileMode) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(address, "unix:")
	if !isUnix {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w; is another server there already?", address, err)
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

// runServer serves until ctx ends, then lets the requests in flight finish.
func runServer(ctx context.Context, l net.Listener, server Server, s config.Settings, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	log.Info("listening", "address", l.Addr().String(), "version", version())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping; requests in flight are finished first")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("some requests were still in flight after %s: %w", s.ShutdownTimeout, err)
	}
	log.Info("stopped")
	return nil
}
