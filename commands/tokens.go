package commands

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

const (
	defaultListLimit = 100
	maxListLimit     = 100_000 // all of them are in memory at once
	// searchTimeout ends a search through tables that are too large for it, or
	// whose database goes away; it is repeated until then.
	searchTimeout = time.Minute
	// maxTokenLine is more bytes than any column can hold.
	maxTokenLine = 4096
)

func tokensCommand() command {
	return command{name: "tokens", summary: "list, count and revoke codes and tokens", run: tokens,
		page: `  moserver-sidecar tokens count  --wp-config /var/www/html/wp-config.php
  moserver-sidecar tokens list   --wp-config … --user alice
  moserver-sidecar tokens revoke --wp-config … --user alice --client VfixCmmq…
  echo "$TOKEN" | moserver-sidecar tokens revoke --wp-config … --stdin

Without flags, list and count take everything; revoke must be told whose.

  --user alice    of the user with this login or ID
  --client ID     for the client with this id
  --stdin         the one code or token that standard input has, or the
                  refresh token that has replaced it
  --kind KIND     (list, count) authorization_code, refresh_token,
                  access_token
  --live          (list, count) what has not expired
  --expired       (list, count) what has
  --limit N       (list) how many at most; by default ` + fmt.Sprint(defaultListLimit) + `
  --yes           (revoke) do not ask
  --json          print for machines

revoke takes codes, refresh tokens and access tokens, and it is over at once:
with --user it logs a person out of all clients, or with --client too out of
that one; not out of WordPress itself. It says how many there are and asks
before it takes more than one. Where nobody can be asked it needs --yes.

Of each code and token only the beginning is shown: enough to know again one
that you have in hand, and too little to use it. In a network of sites all
sites have the same tables, so users and clients of all of them are meant.

Takes the settings as flags too.

Exit status: 0, also if there was nothing to list or to revoke; 1 if there is
no such user or client, or if it failed.
`}
}

// tokens runs the command that the first argument names.
func tokens(args []string, w io.Writer) error {
	if len(args) == 0 {
		return flag.ErrHelp
	}
	switch args[0] {
	case "list":
		return runTokens(args, w, listTokens)
	case "count":
		return runTokens(args, w, countTokens)
	case "revoke":
		return runTokens(args, w, revokeTokens)
	case "-h", "--help":
		return flag.ErrHelp
	}
	return errors.New("tokens needs list, count or revoke after it; moserver-sidecar tokens --help says more")
}

// tokensRun is a tokens command on its way.
type tokensRun struct {
	w     io.Writer
	store *wpdb.Store
	input *bufio.Reader // standard input

	user, client optional
	stdin        bool
	kind         string
	live         bool
	expired      bool
	limit        int
	yes, asJSON  bool

	filter wpdb.TokenFilter
	whose  string // the filter for people
}

// optional is a flag that may be left out, but not be empty: an unset variable
// in a script must not mean "of all users".
type optional struct {
	text string
	set  bool
}

// runTokens reads the flags, opens the database, and lets run do the rest.
func runTokens(args []string, w io.Writer, run func(context.Context, *tokensRun) error) error {
	name, args := args[0], args[1:]
	r := &tokensRun{w: w, input: bufio.NewReader(io.LimitReader(os.Stdin, maxTokenLine))}
	settings, err := loadSettings(r.flags(name), args)
	if err != nil {
		return err
	}
	if err := r.checkFlags(name); err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	if r.store, err = openReady(ctx, settings); err != nil {
		return err
	}
	defer r.store.Close()
	search, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := r.resolve(search); err != nil {
		return err
	}
	if name == "revoke" { // which may take as long as there are tokens
		return run(ctx, r)
	}
	return run(search, r)
}

func (r *tokensRun) flags(name string) *flag.FlagSet {
	flags := newFlags("tokens " + name)
	put := func(o *optional) func(string) error {
		return func(text string) error {
			*o = optional{text, true}
			return nil
		}
	}
	flags.Func("user", "", put(&r.user))
	flags.Func("client", "", put(&r.client))
	flags.BoolVar(&r.stdin, "stdin", false, "")
	flags.BoolVar(&r.asJSON, "json", false, "")
	if name == "revoke" {
		flags.BoolVar(&r.yes, "yes", false, "")
		return flags
	}
	flags.StringVar(&r.kind, "kind", "", "")
	flags.BoolVar(&r.live, "live", false, "")
	flags.BoolVar(&r.expired, "expired", false, "")
	if name == "list" {
		flags.IntVar(&r.limit, "limit", defaultListLimit, "")
	}
	return flags
}

// checkFlags refuses what can only be a mistake.
func (r *tokensRun) checkFlags(name string) error {
	kind := oauth.Kind(r.kind)
	switch {
	case r.user.set && r.user.text == "", r.client.set && r.client.text == "":
		return errors.New("--user and --client may be left out, but not be empty")
	case name == "revoke" && !r.user.set && !r.client.set && !r.stdin:
		return errors.New("say what to revoke: --user alice, --client ID, both, or --stdin for one token")
	case r.live && r.expired:
		return errors.New("--live and --expired leave nothing; give one of them")
	case name == "list" && (r.limit < 1 || r.limit > maxListLimit):
		return fmt.Errorf("--limit must be from 1 to %d", maxListLimit)
	case kind != "" && kind != oauth.AuthorizationCode && kind != oauth.RefreshToken && kind != oauth.AccessToken:
		return errors.New("--kind must be authorization_code, refresh_token or access_token")
	}
	return nil
}
