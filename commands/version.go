package commands

import (
	"fmt"
	"runtime"
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

// release is the version that the linker has put in (-X) for a release, which cannot
// be a constant.
var release string

// version is the release's, else the module's as the Go toolchain has recorded it.
func version() string {
	number := release
	if info, ok := debug.ReadBuildInfo(); ok && number == "" {
		number = info.Main.Version
	}
	return programName + " " + number + " " + runtime.Version()
}
