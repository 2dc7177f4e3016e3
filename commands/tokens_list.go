package commands

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/tokens"
)

const (
	defaultListLimit = 100
	maxListLimit     = 100_000 // they are all in memory at once
	tokenDate        = "2006-01-02 15:04:05 UTC"
)

func tokensListCommand() *cobra.Command {
	cmd, r := tokensSubcommand("list", "list codes and tokens", listTokens)
	r.addStateFlags(cmd)
	cmd.Flags().IntVar(&r.limit, "limit", defaultListLimit, "(list) how many at most; by default "+fmt.Sprint(defaultListLimit))
	return cmd
}

func tokensCountCommand() *cobra.Command {
	cmd, r := tokensSubcommand("count", "count codes and tokens", countTokens)
	r.addStateFlags(cmd)
	cmd.Flags().StringVar(&r.by, "by", "", "(count) `client`: for each client, what is live, unless --expired says otherwise")
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{byClient}, cobra.ShellCompDirectiveNoFileComp)) // the flag has none yet
	return cmd
}

// tokenList is what list prints with --json.
type tokenList struct {
	Tokens []listedToken `json:"tokens"`
	More   bool          `json:"more"` // than --limit
}

type listedToken struct {
	Kind     oauth.Kind `json:"kind"`
	Prefix   string     `json:"token_prefix"`
	ClientID string     `json:"client_id"`
	UserID   int64      `json:"user_id"`
	Login    *string    `json:"user_login"` // null: the user is gone
	Expires  *time.Time `json:"expires"`    // null: no date; see live for what that means
	Live     bool       `json:"live"`
	Scope    string     `json:"scope"`
}

func listTokens(_, search context.Context, r *tokensRun) error {
	tokens, more, err := tokens.List(search, r.db, r.filter, r.limit)
	if err != nil {
		return err
	}
	if r.asJSON {
		list := tokenList{Tokens: []listedToken{}, More: more}
		for _, t := range tokens {
			list.Tokens = append(list.Tokens, listed(t))
		}
		return printJSON(r.w, list)
	}
	if len(tokens) == 0 {
		_, err = fmt.Fprintln(r.w, "There are none.")
		return err
	}
	if err := printTokens(r.w, tokens); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(r.w, "\nThere are more than these %d; tokens count counts them, --limit shows more.\n", r.limit)
	}
	return nil
}

func listed(t tokens.Stored) listedToken {
	l := listedToken{Kind: t.Kind, Prefix: t.Prefix, ClientID: t.ClientID, UserID: t.UserID, Live: t.Live, Scope: t.Scope}
	if t.Login != "" {
		l.Login = &t.Login
	}
	if hasDate(t) {
		l.Expires = &t.Expires
	}
	return l
}

// hasDate tells a date from the values for "never" and "always expired".
func hasDate(t tokens.Stored) bool { return t.Expires.Year() > 1970 }

func printTokens(w io.Writer, tokens []tokens.Stored) error {
	table := newTable(w, 0)
	fmt.Fprintln(table, "KIND\tTOKEN\tCLIENT\tUSER\tEXPIRES\tSCOPE")
	for _, t := range tokens {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Kind, tokenExcerpt(t.Prefix), printable(t.ClientID),
			userName(t.UserID, t.Login), expiry(t), printable(t.Scope))
	}
	return table.Flush()
}

// tokenExcerpt is a token for people, without what all tokens of its grant share.
func tokenExcerpt(prefix string) string {
	if len(prefix) > oauth.FamilyDigits {
		return "…" + printable(prefix[oauth.FamilyDigits:]) + "…"
	}
	return printable(prefix) + "…"
}

// expiry is when a token expires, for people.
func expiry(t tokens.Stored) string {
	switch date := t.Expires.Format(tokenDate); {
	case hasDate(t) && t.Live:
		return date
	case hasDate(t):
		return "expired " + date
	case t.Live:
		return "never"
	}
	return "expired"
}

// tokenCount is what count prints of each kind with --json.
type tokenCount struct {
	Live    int64 `json:"live"`
	Expired int64 `json:"expired"`
}

func countTokens(_, search context.Context, r *tokensRun) error {
	if r.by == byClient {
		return countByClient(search, r)
	}
	counts, err := tokens.Count(search, r.db, r.filter)
	if err != nil {
		return err
	}
	if r.asJSON {
		byKind := map[oauth.Kind]tokenCount{}
		for _, c := range counts {
			byKind[c.Kind] = tokenCount{c.Live, c.Expired}
		}
		return printJSON(r.w, byKind)
	}
	table := newTable(r.w, 0)
	fmt.Fprintln(table, "KIND\tLIVE\tEXPIRED")
	for _, c := range counts {
		fmt.Fprintf(table, "%s\t%d\t%d\n", c.Kind, c.Live, c.Expired)
	}
	return table.Flush()
}

// userName is a user for people.
func userName(id int64, login string) string {
	if login == "" {
		return fmt.Sprintf("%d (gone)", id)
	}
	return fmt.Sprintf("%s (ID %d)", printable(login), id)
}

// clientName is a client for people.
func clientName(c tokens.RegisteredClient) string {
	if c.Name == "" {
		return printable(c.ID)
	}
	return fmt.Sprintf("%s (%s)", printable(c.Name), printable(c.ID))
}
