package store

import (
	"context"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Find implements oauth.Store. It takes one round trip, and a second one if the
// client is of a blog other than the main one, whose options are in another table.
func (s *Store) Find(ctx context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	var facts oauth.Facts
	err := s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (_ bool, err error) {
		facts, err = s.find(ctx, db, clientID, p)
		return missed(facts.Client, facts.Grant, p.Kind != ""), err
	})
	return facts, err
}

func (s *Store) find(ctx context.Context, db *wpdb.DB, clientID string, p oauth.Presented) (oauth.Facts, error) {
	args := []any{wpdb.Comparand(clientID)}
	if p.Kind != "" {
		args = append(args, wpdb.Comparand(p.Value))
	}
	found, err := s.findRow(ctx, db, s.statements.find[p.Kind], args...)
	if err != nil {
		return oauth.Facts{}, err
	}
	return s.facts(ctx, db, found, p.Kind)
}

// facts reads a row that has a client, and may have a grant of the kind.
func (s *Store) facts(ctx context.Context, db *wpdb.DB, found wpdb.Row, kind oauth.Kind) (oauth.Facts, error) {
	options, err := found.Options(), error(nil)
	blog, blogGone := found.Integer("active_oauth_server_id"), false
	if db.Config.Multisite && found.Null("client_id") && found.Integer(wpdb.ColGrant) == 0 {
		options[wpdb.ColInactive] = "" // it is unknown which blog the request is for
	}
	if !db.Config.Multisite || blog <= 1 {
		blog = 0
	} else if options, err = s.blogOfUser(ctx, db, blog, found.Integer(wpdb.ColGrantUser)); wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable {
		blogGone = true
	} else if err != nil {
		return oauth.Facts{}, err
	}
	facts := oauth.Facts{Site: wpdb.SiteOf(options), Grant: found.Grant(kind)}
	facts.Site.Blog = blog
	if facts.Grant != nil && db.Config.Multisite && !found.Null("active_oauth_server_id") {
		facts.Grant.UserLeft = options[wpdb.ColMember] != "1"
	}
	if !blogGone { // a client of a deleted blog is deleted with it
		facts.Client = found.Client(!wpdb.PHPFalse(options[wpdb.OptionSecretsEncrypted]))
	}
	return facts, nil
}

// findRow runs a query whose result is one row.
func (s *Store) findRow(ctx context.Context, db *wpdb.DB, query string, args ...any) (found wpdb.Row, err error) {
	take := func(next wpdb.Row) { found = next }
	err = db.Each(ctx, query, args, take)
	if err == nil && found == nil {
		err = db.Each(ctx, s.statements.withoutSite[query], args, take)
	}
	return found, err
}

// blogOfUser reads the options of a blog other than the main one and, as
// ColMember, whether the user is a member there.
func (s *Store) blogOfUser(ctx context.Context, db *wpdb.DB, blog, user int64) (map[string]string, error) {
	query := db.OptionsStatement(blog) + s.statements.member
	return db.QueryOptions(ctx, query, user, db.Config.BlogCapabilities(blog))
}

// missed reports whether something that was asked for is not there.
func missed(client *oauth.Client, grant *oauth.Grant, asked bool) bool {
	return client == nil || asked && grant == nil
}
