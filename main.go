// Moserver-sidecar stands beside WordPress and answers the token endpoint of
// the miniOrange "WP OAuth Server" plugin, on the plugin's own tables.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"moserver-sidecar/config"
)

const help = `moserver-sidecar answers /wp-json/moserver/token in place of PHP: the token
endpoint of the miniOrange "WP OAuth Server" plugin, on the plugin's own tables
in WordPress's database. Clients and wp-admin go on as before.

Usage:

  moserver-sidecar serve --wp-config /var/www/html/wp-config.php
  moserver-sidecar check --wp-config /var/www/html/wp-config.php
  moserver-sidecar demo

Commands:

  serve     answer token requests until SIGTERM
  check     print everything that is wrong with the settings and the database,
            with what to do about it; exit status 1 if there is anything
            (--json: the same for machines)
  demo      start a private site to try the server on; needs no WordPress
            (--listen host:port: where)
  version   print the version

Settings of serve and check. Each may also be set in a YAML file (--config
moserver.yaml) as some_name, or as MOSERVER_SOME_NAME in the environment. A flag
counts before the environment, that before the file, and that before what
wp-config.php says.

`

// errFailed ends a command that has already said why.
var errFailed = errors.New("failed")

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, "moserver-sidecar:", err)
		}
		os.Exit(1)
	}
}

func run(args []string) error {
	command := "--help"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		return serve(args)
	case "check":
		return check(args, os.Stdout)
	case "demo":
		return demo(args, os.Stdout)
	case "version", "--version":
		fmt.Println(version())
		return nil
	case "help", "--help", "-h":
		printHelp(os.Stdout)
		return nil
	}
	return fmt.Errorf("there is no command of that name; moserver-sidecar --help lists them")
}

func printHelp(w io.Writer) {
	fmt.Fprint(w, help)
	config.PrintSettings(w)
}

// newFlags makes the flags of a command; -h prints the whole help.
func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error, once
	return flags
}

// parseFlags reads the arguments of a command that takes flags only.
func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		printHelp(os.Stdout)
		os.Exit(0)
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%s takes flags only, such as --listen 127.0.0.1:8089", flags.Name())
	}
	if err != nil {
		return fmt.Errorf("%w; moserver-sidecar --help lists all", err)
	}
	return nil
}

// version is that of the module, as the Go toolchain has recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "moserver-sidecar (unknown version)"
	}
	return "moserver-sidecar " + info.Main.Version + " " + info.GoVersion
}
