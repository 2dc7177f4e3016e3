package sandbox

import (
	"context"
	"database/sql"
	_ "embed" // for the tables of a site
	"strings"
)

//go:embed site.sql
var siteSQL string

//go:embed plugin.sql
var pluginSQL string

//go:embed network.sql
var networkSQL string

// The users of a site besides admin, who is 1.
const (
	Alice = 2
	Bob   = 3
)

// Client is a row of the clients table, its secret as it is stored.
type Client struct{ ID, Name, Secret, RedirectURI string }

// CreateSite makes the tables of a WordPress site in which the plugin is
// active: users 1 (admin), 2 (alice) and 3 (bob), and no client.
func (s *Server) CreateSite(ctx context.Context, prefix string) error {
	return s.exec(ctx, strings.ReplaceAll(siteSQL+pluginSQL, "{prefix}", prefix))
}

// MakeNetwork makes a site the main blog of a network of three, 1 to 3; the others
// get no tables of their own.
func (s *Server) MakeNetwork(ctx context.Context, prefix string) error {
	return s.exec(ctx, strings.ReplaceAll(networkSQL, "{prefix}", prefix))
}

// ActivatePlugin makes the plugin's tables in a WordPress that is there, and puts
// it on the list of active plugins.
func (s *Server) ActivatePlugin(ctx context.Context, prefix string) error {
	return s.exec(ctx, strings.ReplaceAll(pluginSQL, "{prefix}", prefix))
}

// PutClient adds a client to the main blog of a site.
func (s *Server) PutClient(ctx context.Context, prefix string, c Client) error {
	return s.exec(ctx, "INSERT INTO "+prefix+"moos_oauth_clients "+
		"(client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) VALUES (?, ?, ?, ?, 1)",
		c.Name, c.ID, c.Secret, c.RedirectURI)
}

// exec runs statements as root.
func (s *Server) exec(ctx context.Context, statements string, args ...any) error {
	// WordPress writes zero dates, which a strict session refuses.
	db, err := sql.Open("mysql", s.DSN("multiStatements=true&interpolateParams=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statements, args...)
	return err
}
