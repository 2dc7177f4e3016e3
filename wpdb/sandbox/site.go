package sandbox

import (
	"context"
	"database/sql"
	_ "embed" // for the tables of a site
	"strings"
)

//go:embed site.sql
var siteSQL string

// CreateSite makes the tables of a WordPress site in which the plugin is
// active: users 1 (admin), 2 (alice) and 3 (bob), and no client.
func (s *Server) CreateSite(ctx context.Context, prefix string) error {
	// WordPress writes zero dates, which a strict session refuses.
	db, err := sql.Open("mysql", s.DSN("multiStatements=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, strings.ReplaceAll(siteSQL, "{prefix}", prefix))
	return err
}
