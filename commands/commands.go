// Package commands is the command line: one file a command, and what they share.
// Signals, listening and exit statuses live here; HTTP does not.
package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
)

const (
	helpHead = `moserver-sidecar answers /wp-json/moserver/token in place of PHP: the token
endpoint of the miniOrange "WP OAuth Server" plugin, on the plugin's own
tables in WordPress's database. Clients and wp-admin go on as before.

To try it, without WordPress:

  moserver-sidecar demo

To use it: check that it can work, let it serve, then see what could be better
and add the indexes that the plugin's tables lack.

  moserver-sidecar check   --wp-config /var/www/html/wp-config.php
  moserver-sidecar serve   --wp-config /var/www/html/wp-config.php
  moserver-sidecar doctor  --wp-config /var/www/html/wp-config.php
  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php

Commands (for more about one: "moserver-sidecar check --help"):

`
	helpSettings = `
Settings, for all commands except completion, demo and version. Each can also
be set in a YAML file (--config moserver.yaml) as some_name, or in the
environment as MOSERVER_SOME_NAME. Flags override the environment, which
overrides the file, which overrides wp-config.php.

`
)

// commands are all, in the order in which they are listed. Without newServer they
// can be listed, but not all be carried out.
func commands(newServer NewServer) []*cobra.Command {
	return []*cobra.Command{
		serveCommand(newServer), checkCommand(), doctorCommand(), migrateCommand(), purgeCommand(), tokensCommand(), clientsCommand(),
		healthcheckCommand(), demoCommand(newServer), completionCommand(), versionCommand(),
	}
}

// NewServer makes the HTTP server that answers with what store holds, as settings
// ask for. It does not listen yet.
type NewServer func(store oauth.Store, settings config.Settings, log *slog.Logger) Server

// Server is what serves; http.Server says what its first two methods promise. It bounds
// its connections itself.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error

	// Change has the requests that come from now on answered as settings ask for,
	// except for those settings that need a restart. It must not be called twice at
	// the same time.
	Change(settings config.Settings)

	// Collector tells what came of the requests so far.
	prometheus.Collector

	// Metrics makes the server for the metrics listener.
	Metrics(prometheus.Gatherer) *http.Server
}

// Main carries out the command that args name, without the program's own name, and
// returns the status to exit with. Commands that serve do it with newServer.
func Main(args []string, newServer NewServer) int {
	root := Tree(newServer)
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	if err == nil { // perhaps because help was asked for, but of what?
		err = unknownCommand(cmd)
	}
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(os.Stderr, programName+":", err)
	return 1
}

// Tree is the program itself, over all its commands. It has the settings too, so that
// they may stand in front of the command's name. Without newServer it is good for
// man pages and completions.
func Tree(newServer NewServer) *cobra.Command {
	root := &cobra.Command{
		Use: programName, Short: "the token endpoint of WP OAuth Server, beside WordPress",
		Args: noArguments, SilenceErrors: true, SilenceUsage: true,
	}
	showVersion := root.Flags().Bool("version", false, "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case *showVersion:
			fmt.Fprintln(cmd.OutOrStdout(), version())
			return nil
		case cmd.Flags().NFlag() > 0:
			return misused(cmd, "these flags need a command, such as check")
		}
		return cmd.Help()
	}
	addSettings(root, root.Flags())
	root.SetHelpCommand(helpCommand())
	root.SetHelpFunc(printHelp)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(commands(newServer)...)
	shareSwitches(root)
	return root
}

// helpCommand is "moserver-sidecar help check", as some people type it.
func helpCommand() *cobra.Command {
	return &cobra.Command{Use: "help [command]", Short: "print this, or the help of a command", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.SetArgs(append(args, "--help"))
			found, err := root.ExecuteC()
			if err == nil {
				err = unknownCommand(found)
			}
			return err
		}}
}

// printHelp prints the page of a command, or lists the commands and the settings.
func printHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	for cmd.HasParent() && cmd.Example == "" { // it shares the page of its parent
		cmd = cmd.Parent()
	}
	switch {
	case unknownCommand(cmd) != nil: // which Main tells
	case cmd.HasParent():
		printPage(w, cmd)
	default:
		printList(w)
	}
}

// printList lists the commands and the settings.
func printList(w io.Writer) {
	fmt.Fprint(w, helpHead)
	for _, c := range commands(nil) {
		fmt.Fprintf(w, "  %-11s %s\n", c.Name(), c.Short)
	}
	fmt.Fprint(w, helpSettings)
	config.PrintSettings(w)
}
