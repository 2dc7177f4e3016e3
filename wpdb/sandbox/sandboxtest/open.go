package sandboxtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
)

// Password is in each wp-config.php, and that of each account that a test makes and
// says no other of. It must not appear in any log.
const Password = "wp-db-Pa55word-4711"

// Opened is a site as the server sees it.
type Opened struct {
	*Site
	DB *wpdb.DB
}

// OpenNew makes the tables of a site, and opens it.
func OpenNew(t T, server *sandbox.Server) *Opened {
	t.Helper()
	return NewSite(t, server, "").Open(wpdb.Config{})
}

// Open opens the site. What c leaves empty gives access to the server as root.
func (s *Site) Open(c wpdb.Config) *Opened {
	s.T.Helper()
	c.Network = "unix"
	c.Address = cmp.Or(c.Address, s.Server.Socket)
	c.User = cmp.Or(c.User, "root")
	c.Name = cmp.Or(c.Name, s.Server.Name())
	c.Charset = cmp.Or(c.Charset, "utf8mb4")
	c.MaxConnections = cmp.Or(c.MaxConnections, 16)
	c.Prefix = cmp.Or(c.Prefix, s.Prefix)
	db, err := wpdb.Open(c, slog.New(slog.DiscardHandler))
	NoError(s.T, err)
	s.T.Cleanup(func() { db.Close() })
	site := *s
	site.Prefix = c.Prefix
	return &Opened{Site: &site, DB: db}
}

// Reopen opens the same tables once more, as a second process would, with other
// settings where change makes some; nil makes none.
func (s *Opened) Reopen(change func(*wpdb.Config)) *Opened {
	s.T.Helper()
	c := s.DB.Config
	if change != nil {
		change(&c)
	}
	return s.Open(c)
}

// As makes an account, see Account, and opens the site with it.
func (s *Opened) As(user string, grants ...string) *Opened {
	s.T.Helper()
	s.Account(user, Password, grants...)
	return s.Reopen(func(c *wpdb.Config) { c.User, c.Password = user, Password })
}

// AsPlugin opens the site as the user wp, who may use the plugin's tables and what
// more grants says.
func (s *Opened) AsPlugin(more ...string) *Opened {
	s.T.Helper()
	var grants []string
	for _, table := range []string{"options", "users", "usermeta", "moos_oauth_public_keys", "moos_oauth_clients",
		"moos_oauth_authorization_codes", "moos_oauth_access_tokens", "moos_oauth_refresh_tokens"} {
		grants = append(grants, "GRANT SELECT, INSERT, DELETE ON {}"+table+" TO wp@localhost")
	}
	return s.As("wp", append(grants, more...)...)
}

// Network makes the site the main blog of a network, and opens it as that.
func (s *Opened) Network() *Opened {
	s.T.Helper()
	NoError(s.T, s.Server.MakeNetwork(context.Background(), s.Prefix))
	return s.Reopen(func(c *wpdb.Config) { c.Multisite = true })
}

// CreateRotations makes the table of rotations, as a user who may.
func (s *Opened) CreateRotations() {
	s.T.Helper()
	root := s.Reopen(func(c *wpdb.Config) { c.User, c.Password, c.Address = "", "", "" })
	_, err := root.DB.SQL.ExecContext(Within(s.T, Patience), root.DB.Tables.Own()[0].Create)
	NoError(s.T, err)
}

// ActAsPHP writes and deletes as the plugin does, a statement at a time under
// REPEATABLE READ, until ctx ends. PHP does not try again after a deadlock, so
// neither does this.
func (s *Site) ActAsPHP(ctx context.Context, worker int) {
	for i := 0; ctx.Err() == nil; i++ {
		for kind, table := range GrantTables() {
			value := fmt.Sprintf("php %d-%d", worker, i)
			for _, query := range []string{
				"INSERT INTO {}moos_oauth_" + table + " (" + string(kind) + ", client_id, expires) VALUES (?, 'php', '2030-01-01 00:00:00')",
				"DELETE FROM {}moos_oauth_" + table + " WHERE " + string(kind) + " = ?",
			} {
				_, err := s.Root.Exec(s.SQL(query), value)
				var server *mysql.MySQLError
				if err != nil && !(errors.As(err, &server) && (server.Number == 1213 || server.Number == 1205)) {
					s.T.Errorf("%s: %v", query, err)
				}
			}
		}
	}
}
