package commands

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"moserver-sidecar/config"
)

// settingText is a flag that is a setting. It keeps the text as it is, for config
// to read.
type settingText struct {
	name string // of the setting
	text string
	kind string // bool or string, as pflag calls them
}

// Set implements pflag.Value.
func (s *settingText) Set(text string) error {
	s.text = text
	return nil
}

// String implements pflag.Value.
func (s *settingText) String() string { return s.text }

// Type implements pflag.Value.
func (s *settingText) Type() string { return s.kind }

// addSettings adds all settings to flags, which are those of cmd, and tells shells
// which values they can have, and which of them are files.
func addSettings(cmd *cobra.Command, flags *pflag.FlagSet) {
	for _, f := range config.Flags() {
		text := &settingText{name: f.Setting, kind: "string"}
		flag := flags.VarPF(text, f.Name, "", f.Usage)
		if f.Switch {
			text.kind, flag.NoOptDefVal = "bool", "true"
		}
		complete := cobra.FixedCompletions(f.Values, cobra.ShellCompDirectiveNoFileComp)
		switch f.Name {
		case "db-password-file", "seal-key-file", "listen":
			complete = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
		case "wp-config":
			complete = cobra.FixedCompletions([]string{"php"}, cobra.ShellCompDirectiveFilterFileExt)
		case "config":
			complete = cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt)
		}
		_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // the flag is there, and has none yet
	}
}

// readSettings gathers the settings of all sources, with every problem of theirs.
func readSettings(cmd *cobra.Command) (config.Settings, []config.Problem) {
	set := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if s, ok := f.Value.(*settingText); ok {
			set[s.name] = s.text
		}
	})
	if cmd.Flags().Changed("db-password") {
		fmt.Fprintln(os.Stderr, programName+": warning: every user of this machine can read --db-password in the list of processes; use db_password_file")
	}
	settings, problems := config.Load(config.Sources{Flags: set, Environment: os.Environ()})
	if problems == nil {
		problems = []config.Problem{} // in JSON a list, and not null
	}
	return settings, problems
}

// loadSettings is readSettings for a command that can do nothing while the
// settings have a problem: it prints them all.
func loadSettings(cmd *cobra.Command) (config.Settings, error) {
	settings, problems := readSettings(cmd)
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
		fmt.Fprintln(os.Stderr, programName+":", p)
	}
}
