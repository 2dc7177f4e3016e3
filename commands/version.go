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
		Long:    `Prints the version of the program and of the Go that built it.`,

		Annotations: exits(`: 0.`),
		Args:        noArguments,
		Run:         func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version()) },
	}
}

// release is the version that the linker sets (-X) for a release; so it cannot be a
// constant.
var release string

// version is what people are told.
func version() string { return programName + " " + versionNumber() + " " + runtime.Version() }

// versionNumber is the release's, else the module's as the Go toolchain recorded it.
func versionNumber() string {
	if info, ok := debug.ReadBuildInfo(); ok && release == "" {
		return info.Main.Version
	}
	return release
}
