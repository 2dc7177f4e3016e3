// Package commands is the command line: one file a command, and what they share.
// Signals, listening and exit statuses live here; HTTP does not.
package commands

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
)

const (
	helpHead = `moserver-sidecar answers /wp-json/moserver/token in place of PHP: the token
endpoint of the miniOrange "WP OAuth Server" plugin, on the plugin's own
tables in WordPress's database. Clients and wp-admin go on as before.

To try it, without WordPress:

  moserver-sidecar demo

To use it: see if it can work, let it serve, and once it does, see what could
be better and add the indexes that the plugin's tables lack.

  moserver-sidecar check   --wp-config /var/www/html/wp-config.php
  moserver-sidecar serve   --wp-config /var/www/html/wp-config.php
  moserver-sidecar doctor  --wp-config /var/www/html/wp-config.php
  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php

Commands ("moserver-sidecar check --help" says more of one):

`
	helpSettings = `
Settings, of all commands but demo and version. Each may also be set in a YAML
file (--config moserver.yaml) as some_name, or as MOSERVER_SOME_NAME in the
environment. A flag counts before the environment, that before the file, and
that before what wp-config.php says.

`
)

// command is one of the program's commands.
type command struct {
	name    string
	summary string // one line
	page    string // what --help prints of it: examples, what it does, its own flags, its exit status
	run     func(args []string, w io.Writer) error
}

// commands are all, in the order in which they are listed. Without newServer they
// can be listed, but not all be carried out.
func commands(newServer NewServer) []command {
	return []command{
		serveCommand(newServer), checkCommand(), doctorCommand(), migrateCommand(), purgeCommand(),
		tokensCommand(), healthcheckCommand(), demoCommand(newServer), versionCommand(),
	}
}

// exitStatus ends a command that has already said why.
type exitStatus int

// errFailed is the exitStatus of most commands.
const errFailed exitStatus = 1

// Error implements error.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// NewServer makes the HTTP server that answers with what store holds, as settings
// ask for. It does not listen yet.
type NewServer func(store oauth.Store, settings config.Settings, log *slog.Logger) Server

// Server is what serves; http.Server says what its methods promise. It bounds its
// connections itself.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// Main carries out the command that args name, without the program's own name, and
// returns the status to exit with. Commands that serve do it with newServer.
func Main(args []string, newServer NewServer) int {
	err := run(args, os.Stdout, newServer)
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(os.Stderr, "moserver-sidecar:", err)
	return 1
}

func run(args []string, w io.Writer, newServer NewServer) error {
	if len(args) == 0 || slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		printHelp(w)
		return nil
	}
	name, args := args[0], args[1:]
	if name == "--version" {
		name = "version"
	}
	for _, c := range commands(newServer) {
		if c.name != name {
			continue
		}
		err := c.run(args, w)
		if errors.Is(err, flag.ErrHelp) {
			c.printHelp(w)
			return nil
		}
		return err
	}
	return fmt.Errorf("there is no command of that name; moserver-sidecar --help lists them")
}

// printHelp lists the commands and the settings.
func printHelp(w io.Writer) {
	fmt.Fprint(w, helpHead)
	for _, c := range commands(nil) {
		fmt.Fprintf(w, "  %-11s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, helpSettings)
	config.PrintSettings(w)
}

// printHelp prints the page of one command.
func (c command) printHelp(w io.Writer) {
	fmt.Fprintf(w, "moserver-sidecar %s: %s\n\n%s\nmoserver-sidecar --help lists all commands and the settings.\n", c.name, c.summary, c.page)
}

// newFlags makes the flags of a command.
func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error, once
	return flags
}

// parseFlags reads the arguments of a command that takes flags only.
func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%s takes flags only, such as --listen 127.0.0.1:8089", flags.Name())
	}
	if err != nil {
		return fmt.Errorf("%w; moserver-sidecar --help lists all", err)
	}
	return nil
}

func versionCommand() command {
	return command{name: "version", summary: "print the version", page: `  moserver-sidecar version

Prints the program's version, and that of the Go that built it.

Exit status: 0.
`,
		run: func(args []string, w io.Writer) error {
			if err := parseFlags(newFlags("version"), args); err != nil {
				return err
			}
			fmt.Fprintln(w, version())
			return nil
		}}
}

// version is that of the module, as the Go toolchain has recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "moserver-sidecar (unknown version)"
	}
	return "moserver-sidecar " + info.Main.Version + " " + info.GoVersion
}
