package commands

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moserver-sidecar/wpdb"
)

// kinds are ids of findings.
type kinds []wpdb.Kind

// addAccept adds --accept to a command. It may be given more than once.
func addAccept(cmd *cobra.Command) *kinds {
	accept := new(kinds)
	cmd.Flags().Func("accept", "leave out findings with these ids (`id,id`), which docs/findings.md lists", func(text string) error {
		for id := range strings.SplitSeq(text, ",") {
			kind := wpdb.Kind(strings.TrimSpace(id))
			if !slices.Contains(wpdb.Kinds(), kind) {
				return errors.New("unknown id") // flagError says more
			}
			*accept = append(*accept, kind)
		}
		return nil
	})
	return accept
}

// silence splits findings into those that are not accepted and the kinds of the others,
// each once. A finding that keeps the server from working cannot be silenced.
func (k kinds) silence(findings []wpdb.Finding) (rest []wpdb.Finding, accepted []wpdb.Kind) {
	for _, f := range findings {
		switch {
		case f.Fatal || !slices.Contains(k, f.Kind):
			rest = append(rest, f)
		case !slices.Contains(accepted, f.Kind):
			accepted = append(accepted, f.Kind)
		}
	}
	return rest, accepted
}
