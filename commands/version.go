package commands

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version",
		Example: `  moserver-sidecar version`,
		Long:    `Prints the version of the program and of the Go that built it.`,

		Annotations: exits(`: 0.`),
		Args:        noArguments,
		Run:         func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version()) },
	}
}

// version is the module's version, as the Go toolchain recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return programName + " (unknown version)"
	}
	return programName + " " + info.Main.Version + " " + info.GoVersion
}
