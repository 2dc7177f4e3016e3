package commands

import (
	"bufio"
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/tokens"
)

const (
	// searchTimeout ends a search through tables that are too large for it, or
	// whose database goes away; it is repeated until then.
	searchTimeout = time.Minute
	// maxTokenLine is more bytes than any column can hold.
	maxTokenLine = 4096
)

func tokensCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tokens", Short: "list, count and revoke codes and tokens",
		Example: `  moserver-sidecar tokens count  --wp-config /var/www/html/wp-config.php
  moserver-sidecar tokens list   --wp-config … --user alice
  moserver-sidecar tokens revoke --wp-config … --user alice --client VfixCmmq…
  echo "$TOKEN" | moserver-sidecar tokens revoke --wp-config … --stdin`,
		Long: `Without flags, list and count take everything; revoke must be told whose.

revoke takes codes, refresh tokens and access tokens, and it is over at once:
with --user it logs a person out of all clients, or with --client too out of
that one; not out of WordPress itself. It says how many there are and asks
before it takes more than one. Where nobody can be asked it needs --yes.

Of each code and token only an excerpt is shown: enough to know again one
that you have in hand, and too little to use it. In a network of sites all
sites have the same tables, so users and clients of all of them are meant.`,

		Annotations: exits(`: 0, also if there was nothing to list or to revoke; 1 if there is
no such user or client, or if it failed.`),
		Args: noArguments,
	}
	addSettings(cmd, cmd.PersistentFlags())
	cmd.AddCommand(tokensListCommand(), tokensCountCommand(), tokensRevokeCommand())
	return cmd
}

// tokensSubcommand has the flags that all three have.
func tokensSubcommand(use, short string) (*cobra.Command, *tokensRun) {
	r := &tokensRun{}
	cmd := &cobra.Command{Use: use, Short: short, Args: noArguments}
	flags := cmd.Flags()
	flags.Var(&r.user, "user", "of the `user` with this login or ID")
	flags.Var(&r.client, "client", "for the `client` with this id")
	flags.BoolVar(&r.stdin, "stdin", false, "the token on standard input; if it was replaced, its successor")
	flags.BoolVar(&r.asJSON, "json", false, "print for machines")
	return cmd, r
}

// tokensRun is a tokens command on its way.
type tokensRun struct {
	w     io.Writer
	db    *wpdb.DB
	input *bufio.Reader // standard input

	lists, revokes bool

	user, client optional
	stdin        bool
	kind         string
	live         bool
	expired      bool
	limit        int
	yes, asJSON  bool

	filter tokens.Filter
	whose  string // the filter for people
}

// optional is a flag that may be left out, but not be empty: an unset variable
// in a script must not mean "of all users".
type optional struct {
	text string
	set  bool
}

// Set implements pflag.Value.
func (o *optional) Set(text string) error {
	*o = optional{text, true}
	return nil
}

// String implements pflag.Value.
func (o *optional) String() string { return o.text }

// Type implements pflag.Value.
func (o *optional) Type() string { return "string" }

// run reads the settings, opens the database, and lets do the rest: with a context
// that ends with a signal, and one that ends in time for a search.
func (r *tokensRun) run(cmd *cobra.Command, do func(ctx, search context.Context) error) error {
	settings, err := loadSettings(cmd)
	if err != nil {
		return err
	}
	if err := r.checkFlags(); err != nil {
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
	return do(ctx, search)
}
