package commands

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moserver-sidecar/wpdb"
)

// kinds is the value of --accept: ids of findings, with commas between them.
type kinds []wpdb.Kind

// idList is the type of --accept, in help too.
const idList = "id,id"

// addAccept adds --accept to a command.
func addAccept(cmd *cobra.Command) *kinds {
	accept := new(kinds)
	cmd.Flags().Var(accept, "accept", "say no more of findings with these ids, which docs/findings.md has")
	return accept
}

// String implements pflag.Value.
func (k *kinds) String() string { return "" }

// Type implements pflag.Value.
func (k *kinds) Type() string { return idList }

// Set implements pflag.Value. It may be called more than once.
func (k *kinds) Set(text string) error {
	for id := range strings.SplitSeq(text, ",") {
		kind := wpdb.Kind(strings.TrimSpace(id))
		if !slices.Contains(wpdb.Kinds(), kind) {
			return errors.New("there is no finding of that id; docs/findings.md has them all")
		}
		*k = append(*k, kind)
	}
	return nil
}

// silence returns the findings that are not accepted, and the kinds of the others,
// each once. What keeps the server from working cannot be accepted away.
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
