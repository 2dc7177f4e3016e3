package commands

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/tokens"
)

const (
	// byClient is the value of --by.
	byClient = "client"
	// costlyRows is how many rows a count may read before it says so.
	costlyRows = 10_000
)

func clientsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "clients", Short: "list the clients, and what each has that is live",
		Example: `  moserver-sidecar clients --wp-config /var/www/html/wp-config.php`,
		Long: `Lists the registered clients: id, name, whether the client is public, how its
ID tokens are signed (RS256 with the length of the key, HS256, or none), its
redirect URIs, and how many codes, refresh tokens and access tokens are live,
of how many users. In a network of sites it lists the clients of all sites,
with the number of each site. It never shows a secret or a key.`,

		Annotations: exits(`: 0, even if there is none; 1 on failure.`),
		Args:        noArguments,
	}
	asJSON := cmd.Flags().Bool("json", false, "print for machines")
	addSettings(cmd, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := loadSettings(cmd)
		if err != nil {
			return err
		}
		return listClients(cmd.OutOrStdout(), settings, *asJSON)
	}
	return cmd
}

// listedClient is a client as clients prints it with --json.
type listedClient struct {
	countedClient
	Public       bool     `json:"public"`
	Algorithm    string   `json:"algorithm"` // empty: it gets no ID tokens
	KeyBits      *int     `json:"key_bits"`  // null: there is no RSA key
	RedirectURIs []string `json:"redirect_uris"`
	Blog         *int64   `json:"blog"` // null: there is no network
}

// countedClient is a client with its rows.
type countedClient struct {
	ID     string               `json:"client_id"`
	Name   string               `json:"client_name"` // empty: the client is gone
	Rows   map[oauth.Kind]int64 `json:"tokens"`
	Users  int64                `json:"users"`
	Newest *time.Time           `json:"newest_access_token_expires"` // null: there is none
}

func counted(u tokens.Use) countedClient {
	c := countedClient{ID: u.ID, Name: u.Name, Rows: u.Rows, Users: u.Users}
	if !u.Newest.IsZero() {
		c.Newest = &u.Newest
	}
	return c
}

// listClients prints the clients.
func listClients(w io.Writer, settings config.Settings, asJSON bool) error {
	ctx, stop := untilSignal()
	defer stop()
	db, err := openReady(ctx, settings)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := tellCost(ctx, db); err != nil {
		return err
	}
	clients, err := tokens.Clients(ctx, db, time.Now())
	switch {
	case err != nil:
		return err
	case asJSON:
		list := []listedClient{}
		for _, c := range clients {
			list = append(list, listedForm(c))
		}
		return printJSON(w, map[string]any{"clients": list})
	case len(clients) == 0:
		_, err = fmt.Fprintln(w, "There are none.")
		return err
	}
	return printClients(w, clients, settings.Multisite)
}

func listedForm(c tokens.ListedClient) listedClient {
	l := listedClient{countedClient: counted(c.Live), Public: c.Public, Algorithm: c.Algorithm, RedirectURIs: append([]string{}, c.RedirectURIs...)}
	l.ID, l.Name = c.ID, c.Name
	l.Rows = map[oauth.Kind]int64{}
	for _, kind := range tokenKinds() {
		l.Rows[kind] = c.Live.Rows[kind]
	}
	if c.KeyBits > 0 {
		l.KeyBits = &c.KeyBits
	}
	if c.Blog > 0 {
		l.Blog = &c.Blog
	}
	return l
}

func printClients(w io.Writer, clients []tokens.ListedClient, network bool) error {
	table := newTable(w, 0)
	blog := ""
	if network {
		blog = "BLOG\t"
	}
	fmt.Fprintf(table, "CLIENT\tNAME\t%sTYPE\tID TOKENS\tCODES\tREFRESH TOKENS\tACCESS TOKENS\tUSERS\tREDIRECT URIS\n", blog)
	for _, c := range clients {
		if network {
			blog = fmt.Sprintf("%d\t", c.Blog)
		}
		fmt.Fprintf(table, "%s\t%s\t%s%s\t%s\t%s%d\t%s\n", printable(c.ID), printable(c.Name), blog,
			map[bool]string{true: "public", false: "confidential"}[c.Public], signing(c), rowCells(c.Live), c.Live.Users, printable(strings.Join(c.RedirectURIs, " ")))
	}
	return table.Flush()
}

// signing is how a client's ID tokens are signed, for people.
func signing(c tokens.ListedClient) string {
	switch {
	case c.KeyBits > 0:
		return fmt.Sprintf("%s, %d bits", printable(c.Algorithm), c.KeyBits)
	case c.Algorithm == oauth.RS256:
		return c.Algorithm + ", no key"
	}
	return printable(cmp.Or(c.Algorithm, "none"))
}

// rowCells are the cells of the codes and tokens of a client.
func rowCells(u tokens.Use) (cells string) {
	for _, kind := range tokenKinds() {
		cells += fmt.Sprintf("%d\t", u.Rows[kind])
	}
	return cells
}

// countByClient prints who uses what.
func countByClient(ctx context.Context, r *tokensRun) error {
	if err := tellCost(ctx, r.db); err != nil {
		return err
	}
	uses, err := tokens.CountByClient(ctx, r.db, r.filter)
	switch {
	case err != nil:
		return err
	case r.asJSON:
		list := []countedClient{}
		for _, u := range uses {
			list = append(list, counted(u))
		}
		return printJSON(r.w, map[string]any{"clients": list})
	case len(uses) == 0:
		_, err = fmt.Fprintln(r.w, "There are none.")
		return err
	}
	table := newTable(r.w, 0)
	fmt.Fprintln(table, "CLIENT\tNAME\tCODES\tREFRESH TOKENS\tACCESS TOKENS\tUSERS\tNEWEST ACCESS TOKEN EXPIRES")
	for _, u := range uses {
		newest := "-"
		if !u.Newest.IsZero() {
			newest = u.Newest.Format(tokenDate)
		}
		fmt.Fprintf(table, "%s\t%s\t%s%d\t%s\n", printable(u.ID), cmp.Or(printable(u.Name), "(gone)"), rowCells(u), u.Users, newest)
	}
	return table.Flush()
}

// tellCost says on standard error that a count reads large tables because they lack
// indexes.
func tellCost(ctx context.Context, db *wpdb.DB) error {
	tables, err := tokens.WholeTables(ctx, db)
	for _, t := range tables {
		if t.Rows >= costlyRows {
			fmt.Fprintf(os.Stderr, "note: this reads all of %s, about %d rows, which has no index; run: %s\n", t.Name, t.Rows, db.Command("migrate"))
		}
	}
	return err
}
