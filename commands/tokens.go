package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/store"
	"moserver-sidecar/wpdb/tokens"
)

const (
	// searchTimeout ends a search in tables that are too large, or in a database that is
	// away; until then it is tried again.
	searchTimeout = time.Minute
	// maxTokenLine is longer than any column.
	maxTokenLine = 4096
)

func tokensCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tokens", Short: "list, count and revoke codes and tokens",
		Example: `  moserver-sidecar tokens count  --wp-config /var/www/html/wp-config.php
  moserver-sidecar tokens count  --wp-config … --by client
  moserver-sidecar tokens list   --wp-config … --user alice
  moserver-sidecar tokens revoke --wp-config … --user alice --client VfixCmmq…
  echo "$TOKEN" | moserver-sidecar tokens revoke --wp-config … --stdin`,
		Long: `Without flags, list and count cover everything; revoke needs to be told what.
count --by client also counts the users, and says when the newest access token
expires: the tables do not tell when it was issued.

revoke removes codes, refresh tokens and access tokens, with immediate effect:
--user logs a user out of all clients, and --user with --client out of that
client, but not out of WordPress itself. Before it revokes more than one it
says how many there are and asks; in a script it needs --yes.

Only an excerpt of each code and token is shown: enough to recognize one
that you have, but too little to use it. All sites of a network share these
tables, so the users and clients of all sites are included.`,

		Annotations: exits(`: 0, even if there was nothing to list or revoke; 1 if there is no
such user or client, or on failure.`),
		Args: noArguments,
	}
	addSettings(cmd, cmd.PersistentFlags())
	cmd.AddCommand(tokensListCommand(), tokensCountCommand(), tokensRevokeCommand())
	return cmd
}

// kinds of codes and tokens, in the order in which they are listed.
func tokenKinds() []oauth.Kind {
	return []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken}
}

// tokensRun is a run of a tokens command.
type tokensRun struct {
	w     io.Writer
	db    *wpdb.DB
	input *bufio.Reader // standard input

	user, client, kind, by            string
	stdin, live, expired, yes, asJSON bool
	limit                             int

	filter tokens.Filter
	whose  string // the filter for people
}

// tokensSubcommand has the flags that all three share. do gets a context that ends with
// a signal, and one that also ends in time for a search.
func tokensSubcommand(use, short string, do func(ctx, search context.Context, r *tokensRun) error) (*cobra.Command, *tokensRun) {
	r := &tokensRun{}
	cmd := &cobra.Command{Use: use, Short: short, Args: noArguments}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return r.run(cmd, do) }
	flags := cmd.Flags()
	flags.StringVar(&r.user, "user", "", "of the `user` with this login or ID")
	flags.StringVar(&r.client, "client", "", "for the `client` with this id")
	flags.BoolVar(&r.stdin, "stdin", false, "the token on standard input; if it was replaced, its successor")
	flags.BoolVar(&r.asJSON, "json", false, "print for machines")
	return cmd, r
}

// addStateFlags adds the flags of list and count.
func (r *tokensRun) addStateFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.kind, "kind", "", "(list, count) only this `kind`: authorization_code, refresh_token or access_token")
	cmd.Flags().BoolVar(&r.live, "live", false, "(list, count) what has not expired")
	cmd.Flags().BoolVar(&r.expired, "expired", false, "(list, count) what has")
	var kinds []string
	for _, kind := range tokenKinds() {
		kinds = append(kinds, string(kind))
	}
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)) // the flag has none yet
}

// run reads the settings, opens the database, and does the work.
func (r *tokensRun) run(cmd *cobra.Command, do func(ctx, search context.Context, r *tokensRun) error) error {
	settings, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	if err := r.checkFlags(cmd); err != nil {
		return err
	}
	r.w, r.input = cmd.OutOrStdout(), bufio.NewReader(io.LimitReader(os.Stdin, maxTokenLine))
	ctx, stop := untilSignal()
	defer stop()
	if r.db, err = openReady(ctx, settings); err != nil {
		return err
	}
	defer r.db.Close()
	search, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := r.resolve(search); err != nil {
		return err
	}
	return do(ctx, search, r)
}

// checkFlags refuses what can only be a mistake. An empty --user may be an unset
// variable in a script, and must not mean "of all users".
func (r *tokensRun) checkFlags(cmd *cobra.Command) error {
	switch flags := cmd.Flags(); {
	case flags.Changed("user") && r.user == "", flags.Changed("client") && r.client == "":
		return errors.New("--user and --client must not be empty")
	case cmd.Name() == "revoke" && r.user == "" && r.client == "" && !r.stdin:
		return errors.New("say what to revoke: --user alice, --client ID, both, or --stdin for one token")
	case r.live && r.expired:
		return errors.New("--live and --expired exclude each other")
	case cmd.Name() == "list" && (r.limit < 1 || r.limit > maxListLimit):
		return fmt.Errorf("--limit must be from 1 to %d", maxListLimit)
	case flags.Changed("by") && r.by != byClient:
		return errors.New("--by must be client")
	case r.kind != "" && !slices.Contains(tokenKinds(), oauth.Kind(r.kind)):
		return errors.New("--kind must be authorization_code, refresh_token or access_token")
	}
	return nil
}

// resolve turns the flags into a filter.
func (r *tokensRun) resolve(ctx context.Context) error {
	var whose []string
	if r.user != "" {
		user, err := tokens.FindUser(ctx, r.db, r.user)
		if err != nil {
			return err
		}
		r.filter.UserID = user.ID
		whose = append(whose, "of the user "+userName(user.ID, user.Login))
	}
	if r.client != "" {
		client, err := tokens.FindClient(ctx, r.db, r.client)
		if err != nil {
			return err
		}
		r.filter.ClientID = client.ID
		whose = append(whose, "for the client "+clientName(client))
	}
	if r.stdin {
		which, err := r.resolveToken(ctx)
		if err != nil {
			return err
		}
		whose = append(whose, which)
	}
	if r.kind != "" {
		r.filter.Kinds = []oauth.Kind{oauth.Kind(r.kind)}
	}
	switch {
	case r.live:
		r.filter.State = tokens.LiveTokens
	case r.expired:
		r.filter.State = tokens.ExpiredTokens
	case r.by == byClient:
		r.filter.State = tokens.LiveTokens
	}
	r.whose = strings.Join(whose, " ")
	return nil
}

// resolveToken reads a code or token from the first line of standard input. (Other users
// of the machine could see a flag while the command runs.) A replaced refresh token stands
// for its successor: anyone who has the old one may get the new one.
func (r *tokensRun) resolveToken(ctx context.Context) (which string, err error) {
	line, err := r.input.ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("cannot read standard input: %w", err)
	}
	value := strings.TrimRight(line, "\r\n")
	if value == "" {
		return "", errors.New("the first line of standard input is not a token")
	}
	r.filter.Value, err = store.Current(ctx, r.db, value)
	if r.filter.Value != value {
		return "(the successor of the one you gave)", err
	}
	return "with that value", err
}
