package commands

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"moserver-sidecar/config"
)

const programName = "moserver-sidecar"

// exitStatus ends a command that has already printed the reason.
type exitStatus int

// errFailed is the exitStatus of most commands.
const errFailed exitStatus = 1

// Error implements error.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// exits is the end of a command's page, about its exit status.
func exits(text string) map[string]string { return map[string]string{"exits": text} }

// printPage prints the help of a command: examples, description, its own flags, exit
// status.
func printPage(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "%s %s: %s\n\n%s\n\n%s\n\n", programName, cmd.Name(), cmd.Short, cmd.Example, cmd.Long)
	too := ""
	if flags := ownFlags(cmd); len(flags) > 0 {
		printFlags(w, flags)
		too = " too"
	}
	if takesSettings(cmd) {
		fmt.Fprintf(w, "Takes the settings as flags%s.\n\n", too)
	}
	fmt.Fprintf(w, "Exit status%s\n\n%s --help lists all commands and the settings.\n", cmd.Annotations["exits"], programName)
}

// ownFlags are the flags of a command and its subcommands, without the settings.
func ownFlags(cmd *cobra.Command) (own []*pflag.Flag) {
	seen := map[string]bool{"help": true}
	for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
		c.Flags().SortFlags = false
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Annotations[settingOf] == nil && !f.Hidden && !seen[f.Name] {
				seen[f.Name], own = true, append(own, f)
			}
		})
	}
	return own
}

// printFlags prints a column of flags and one of their descriptions.
func printFlags(w io.Writer, flags []*pflag.Flag) {
	width, names, usages := 0, make([]string, len(flags)), make([]string, len(flags))
	for i, f := range flags {
		var value string
		value, usages[i] = pflag.UnquoteUsage(f)
		names[i] = strings.TrimSpace("  --" + f.Name + " " + value)
		width = max(width, len(names[i]))
	}
	for i, name := range names {
		text := config.Wrap(usages[i], strings.Repeat(" ", width+4), 78)
		fmt.Fprintf(w, "  %-*s%s\n", width, name, text[width+2:])
	}
	fmt.Fprintln(w)
}

func takesSettings(cmd *cobra.Command) bool { return cmd.Flag("wp-config") != nil }

// shareSwitches allows a flag without a value before the name of its command, which
// would otherwise be taken for its value.
func shareSwitches(parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		shareSwitches(cmd)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal != "" && parent.Flag(f.Name) == nil {
				parent.Flags().AddFlag(&pflag.Flag{Name: f.Name, Value: f.Value, NoOptDefVal: f.NoOptDefVal, Hidden: true})
			}
		})
	}
}

// unknownCommand is the error for a word that should be a subcommand of cmd, if any.
func unknownCommand(cmd *cobra.Command) error {
	words := cmd.Flags().Args()
	if len(words) == 0 || !cmd.HasAvailableSubCommands() {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return see(config.Unknown("command", "", words[0], names), cmd)
}

// noArguments is for commands that take only flags. It repeats an argument only if that
// cannot be a misplaced password.
func noArguments(cmd *cobra.Command, args []string) error {
	if err := unknownCommand(cmd); err != nil || len(args) == 0 {
		return err
	}
	word := args[0]
	what := "unexpected argument; it takes flags only"
	switch {
	case slices.Contains([]string{"true", "false"}, word):
		what = fmt.Sprintf("unexpected argument %q; attach it to its flag with = and no space", word)
	case slices.Contains(flagNames(cmd), word):
		what = fmt.Sprintf("unexpected argument %q; did you mean --%s?", word, word)
	case takesSettings(cmd) && filepath.Ext(word) == ".php":
		what = fmt.Sprintf("unexpected argument %q; did you mean --wp-config %s?", word, word)
	case takesSettings(cmd) && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(word)):
		what = fmt.Sprintf("unexpected argument %q; did you mean --config %s?", word, word)
	}
	return misused(cmd, what)
}

// flagError describes an error of a flag, without its value.
func flagError(cmd *cobra.Command, err error) error {
	if unknown := unknownCommand(cmd); unknown != nil {
		return unknown // the flags are its
	}
	var none *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &none):
		return misused(cmd, unknownFlag(cmd, none))
	case errors.As(err, &empty):
		return misused(cmd, "--"+empty.GetFlag().Name+" needs a value")
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		form := map[string]string{"bool": "true or false", "int": "a whole number", "func": "ids of findings, which docs/findings.md lists"}[flag.Value.Type()]
		return misused(cmd, fmt.Sprintf("--%s must be %s", flag.Name, form))
	}
	return misused(cmd, "an argument begins with a dash, but is not a flag")
}

func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) string {
	letters, _, _ := strings.Cut(err.GetSpecifiedShortnames(), "=")
	if letters == "" {
		return config.Unknown("flag", "--", err.GetSpecifiedName(), flagNames(cmd))
	}
	for _, name := range []string{letters, "h" + letters} { // -home begins with the flag -h
		if near := config.Nearest(name, flagNames(cmd)); near != "" {
			return fmt.Sprintf("unknown flag -%s; did you mean --%s, with two dashes?", name, near)
		}
	}
	return "unknown flag -" + err.GetSpecifiedName()
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// misused points to the page of the misused command.
func misused(cmd *cobra.Command, what string) error {
	if cmd.HasParent() {
		what = strings.TrimPrefix(cmd.CommandPath(), programName+" ") + ": " + what
	}
	return see(what, cmd)
}

// see adds to a sentence where to read more.
func see(sentence string, cmd *cobra.Command) error {
	if !strings.HasSuffix(sentence, "?") {
		sentence += ";"
	}
	return fmt.Errorf("%s see %s --help", sentence, cmd.CommandPath())
}
