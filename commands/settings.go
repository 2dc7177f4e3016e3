package commands

import (
	"flag"
	"fmt"
	"os"

	"moserver-sidecar/config"
)

// readSettings reads the arguments of a command, its own flags and the settings,
// and gathers the settings of all sources with every problem of theirs. The error
// is for arguments that are none.
func readSettings(flags *flag.FlagSet, args []string) (config.Settings, []config.Problem, error) {
	set := config.Flags(flags)
	if err := parseFlags(flags, args); err != nil {
		return config.Settings{}, nil, err
	}
	settings, problems := config.Load(config.Sources{Flags: set, Environment: os.Environ()})
	if problems == nil {
		problems = []config.Problem{} // in JSON a list, and not null
	}
	return settings, problems, nil
}

// loadSettings is readSettings for a command that can do nothing while the
// settings have a problem: it prints them all.
func loadSettings(flags *flag.FlagSet, args []string) (config.Settings, error) {
	settings, problems, err := readSettings(flags, args)
	if err != nil {
		return settings, err
	}
	if len(problems) > 0 {
		complain(problems)
		return settings, errFailed
	}
	return settings, nil
}

// complain tells people of problems, each on a line of standard error as errors
// are.
func complain[P fmt.Stringer](problems []P) {
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "moserver-sidecar:", p)
	}
}
