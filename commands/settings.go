package commands

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"moserver-sidecar/config"
)

// settingOf is the annotation of a flag that is a setting: the setting's name.
const settingOf = "setting"

// addSettings adds all settings to flags of cmd, as text for config to parse, and tells
// shells their values and which of them are files.
func addSettings(cmd *cobra.Command, flags *pflag.FlagSet) {
	for _, f := range config.Flags() {
		flags.String(f.Name, "", f.Usage)
		flag := flags.Lookup(f.Name)
		flag.Annotations = map[string][]string{settingOf: {f.Setting}}
		if f.Switch {
			flag.NoOptDefVal = "true"
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
		_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // the flag has none yet
	}
}

// runSettings gives cmd the settings and a run with them and all their problems.
func runSettings(cmd *cobra.Command, run func(io.Writer, config.Settings, []config.Problem) error) {
	addSettings(cmd, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, problems := readSettings(cmd)
		return run(cmd.OutOrStdout(), settings, problems)
	}
}

// readSettings gathers the settings from all sources, and all their problems.
func readSettings(cmd *cobra.Command) (config.Settings, []config.Problem) {
	set := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if setting := f.Annotations[settingOf]; setting != nil {
			set[setting[0]] = f.Value.String()
		}
	})
	if cmd.Flags().Changed("db-password") {
		fmt.Fprintln(os.Stderr, programName+": warning: every user of this machine can read --db-password in the list of processes; use db_password_file")
	}
	settings, problems := config.Load(config.Sources{Flags: set, Environment: os.Environ()})
	if problems == nil {
		problems = []config.Problem{} // in JSON a list, not null
	}
	return settings, problems
}

// loadSettings is readSettings for a command that needs settings without problems.
func loadSettings(cmd *cobra.Command) (config.Settings, error) {
	settings, problems := readSettings(cmd)
	return settings, refuse(problems)
}

// refuse prints problems on standard error, and fails if there are any.
func refuse[P fmt.Stringer](problems []P) error {
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, programName+":", p)
	}
	if len(problems) > 0 {
		return errFailed
	}
	return nil
}
