package commands

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"
)

func completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use: "completion", Short: "print a script for completion in your shell",
		Example: `  moserver-sidecar completion bash >/etc/bash_completion.d/moserver-sidecar
  moserver-sidecar completion zsh >"${fpath[1]}/_moserver-sidecar"
  moserver-sidecar completion fish | source
  moserver-sidecar completion powershell >>$PROFILE`,
		Long: `Prints a script for bash, zsh, fish or PowerShell, which then complete
commands, flags, settings, and the values of settings that have only a few.`,

		Annotations: exits(`: 0.`),
		ValidArgs:   shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return errors.New("completion needs the name of a shell: bash, zsh, fish or powershell")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root, w := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(w, true)
			case "zsh":
				return root.GenZshCompletion(w)
			case "fish":
				return root.GenFishCompletion(w, true)
			}
			return root.GenPowerShellCompletionWithDesc(w)
		},
	}
}
