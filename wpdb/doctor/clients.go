package doctor

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// maxClients is how many clients are looked at, one by one.
const maxClients = 10_000

// clients looks at the clients, their secrets and their keys, of which it reports no
// part.
func (e *examination) clients() error {
	table := e.Tables.Clients
	if !e.there(table) {
		return nil
	}
	rows, ok, err := e.read(table, fmt.Sprintf("SELECT * FROM %s LIMIT %d", wpdb.QuoteName(table), maxClients+1))
	if !ok {
		return err
	}
	if len(rows) > maxClients {
		rows = rows[:maxClients]
		e.note("There are more than %d clients; the others were not looked at.", maxClients)
	}
	if err := e.optionsOfBlogs(rows); err != nil {
		return err
	}
	e.countClients(rows)
	e.secrets(rows)
	if err := e.duplicates(); err != nil {
		return err
	}
	return e.keys(rows)
}

// blogOf is the blog whose options a client has.
func (e *examination) blogOf(client wpdb.Row) int64 {
	if blog := client.Integer("active_oauth_server_id"); e.Config.Multisite && blog > 1 {
		return blog
	}
	return 1
}

// optionsOfBlogs reads the options of the blogs that have clients.
func (e *examination) optionsOfBlogs(clients []wpdb.Row) error {
	e.blogs = map[int64]wpdb.Options{1: e.options}
	for _, client := range clients {
		blog := e.blogOf(client)
		if _, known := e.blogs[blog]; known {
			continue
		}
		table := e.Config.BlogOptions(blog)
		options, err := e.optionsIn(blog)
		e.blogs[blog] = nil
		switch {
		case err == nil:
			e.blogs[blog], e.blogTables = options, append(e.blogTables, table)
			e.lifetimes(options, fmt.Sprintf(" of blog %d", blog))
		case wpdb.Denied(err):
			e.blogTables = append(e.blogTables, table)
			e.add(wpdb.KindPrivilegeMissing, false, e.GrantTo(e.Account(e.ctx), "SELECT", table),
				"The user %q may not SELECT on the table %s, so the clients of blog %d get no tokens.", e.Config.User, table, blog)
		case wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable:
			e.advise(wpdb.KindBlogMissing, "Delete these clients in the database, or restore the blog.",
				"There are clients of blog %d, which has no table %s; they are refused.", blog, table)
		default:
			return err
		}
	}
	return nil
}

func (e *examination) countClients(clients []wpdb.Row) {
	c := &ClientFacts{Total: len(clients)}
	for _, client := range clients {
		if client.Text("client_secret") == "" {
			c.Public++
		} else {
			c.Confidential++
		}
		if oauth.RegisteredItself(client.Text("client_id")) {
			c.MCP++
		}
	}
	e.facts.Clients = c
}

// secrets looks for secrets that are not encoded as their blog's option says.
func (e *examination) secrets(clients []wpdb.Row) {
	var plain, unreadable []string
	for _, client := range clients {
		stored, options := client.Text("client_secret"), e.blogs[e.blogOf(client)]
		switch {
		case stored == "" || options == nil:
		case wpdb.PHPFalse(options[wpdb.OptionSecretsEncrypted]):
			plain = append(plain, client.Text("client_id"))
		default:
			if secret, ok := wpdb.DecryptSecret(stored, client.Text("client_name")); !ok || !utf8.ValidString(secret) || strings.ContainsFunc(secret, func(r rune) bool { return !unicode.IsPrint(r) }) {
				unreadable = append(unreadable, client.Text("client_id"))
			}
		}
	}
	if len(plain) > 0 {
		e.advise(wpdb.KindSecretsPlain, "Remove each such client in wp-admin, add it again, and give it its new secret. To open the plugin's page alone may mark the secrets as encrypted without encrypting them, and then they are refused.",
			"The secrets of these clients are stored as plain text (the option %s is not set): %s.", wpdb.OptionSecretsEncrypted, quoteIDs(plain))
	}
	if len(unreadable) > 0 {
		e.add(wpdb.KindSecretsUnreadable, false, "Remove the client in wp-admin, add it again, and give it its new secret.",
			"The stored secrets of these clients cannot be read with their names, perhaps because they are plain text or the name was changed, so each secret is refused: %s.",
			quoteIDs(unreadable))
	}
}

// duplicates looks for clients with the same id. To PHP ids are also the same if the
// collation says so.
func (e *examination) duplicates() error {
	table := e.Tables.Clients
	rows, ok, err := e.read(table, "SELECT MIN(client_id) AS id, COUNT(*) AS clients, COUNT(DISTINCT CAST(client_id AS BINARY)) AS spellings "+
		"FROM "+wpdb.QuoteName(table)+" WHERE client_id <> '' GROUP BY client_id HAVING COUNT(*) > 1 ORDER BY id LIMIT 100")
	if !ok {
		return err
	}
	var same, alike []string
	for _, r := range rows {
		if r.Integer("clients") > r.Integer("spellings") {
			same = append(same, r.Text("id"))
		} else {
			alike = append(alike, r.Text("id"))
		}
	}
	if len(same) > 0 {
		e.add(wpdb.KindClientDuplicate, false, "Delete all but one of each in the table "+table+".",
			"More than one client has the id %s: it is undefined which one a request gets.", quoteIDs(same))
	}
	if len(alike) > 0 {
		e.advise(wpdb.KindClientAlike, "Give the later one another id.",
			"The ids of some clients differ from %s only in ways that the database's collation does not see: PHP takes one for the other.", quoteIDs(alike))
	}
	return nil
}
