package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/tokens"
)

// revocation is what revoke prints with --json.
type revocation struct {
	Revoked map[oauth.Kind]int64 `json:"revoked"`
	Total   int64                `json:"total"`
}

func tokensRevokeCommand() *cobra.Command {
	cmd, r := tokensSubcommand("revoke", "revoke codes and tokens", revokeTokens)
	cmd.Flags().BoolVar(&r.yes, "yes", false, "(revoke) do not ask")
	return cmd
}

// revokeTokens counts until search ends, and revokes as long as there are tokens.
func revokeTokens(ctx, search context.Context, r *tokensRun) error {
	counts, err := tokens.Count(search, r.db, r.filter)
	if err != nil {
		return err
	}
	totals := map[oauth.Kind]int64{}
	for _, c := range counts {
		totals[c.Kind] = c.Total()
	}
	there := newRevocation(totals)
	if err := r.confirm(there); err != nil {
		return err
	}
	line := newStatusLine(os.Stderr)
	removed, err := tokens.Revoke(ctx, r.db, r.filter, func(n int64) { line.show(fmt.Sprintf("%d of %d", n, there.Total)) })
	line.clear()
	done := newRevocation(removed)
	if err != nil {
		return fmt.Errorf("stopped half-way, after revoking %s: %w", done, err)
	}
	if r.asJSON {
		return printJSON(r.w, done)
	}
	text := fmt.Sprintf("Revoked %s %s.", done, r.whose)
	if done.Total == 0 {
		text = fmt.Sprintf("There is no code or token %s. Nothing was revoked.", r.whose)
	}
	_, err = fmt.Fprintln(r.w, text)
	return err
}

// newRevocation has a number for each kind, also for those that are not in removed.
func newRevocation(removed map[oauth.Kind]int64) revocation {
	r := revocation{Revoked: map[oauth.Kind]int64{}}
	for _, kind := range tokenKinds() {
		r.Revoked[kind] = removed[kind]
		r.Total += removed[kind]
	}
	return r
}

// String is the numbers in words.
func (r revocation) String() string {
	var parts []string
	for _, kind := range tokenKinds() {
		noun := strings.ReplaceAll(string(kind), "_", " ")
		switch n := r.Revoked[kind]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+noun)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, noun))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// confirm asks before more than one code or token is revoked.
func (r *tokensRun) confirm(there revocation) error {
	if r.yes || there.Total <= 1 {
		return nil
	}
	refused := fmt.Errorf("nothing was revoked; to revoke %s %s, add --yes", there, r.whose)
	if r.stdin || !isTerminal(os.Stdin) {
		return refused
	}
	fmt.Fprintf(os.Stderr, "Revoke %s %s? [y/N] ", there, r.whose)
	line, err := r.input.ReadString('\n')
	if err != nil { // such as /dev/null, which looks like a terminal
		fmt.Fprintln(os.Stderr)
		return refused
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was revoked")
	}
	return nil
}
