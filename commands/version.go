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
		Long:    `Prints the program's version, and that of the Go that built it.`,

		Annotations: exits(`: 0.`),
		Args:        noArguments,
		Run:         func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version()) },
	}
}

// version is that of the module, as the Go toolchain has recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return programName + " (unknown version)"
	}
	return programName + " " + info.Main.Version + " " + info.GoVersion
}
