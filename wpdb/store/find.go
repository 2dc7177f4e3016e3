package store

import (
	"context"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Find implements oauth.Store. It takes one round trip, and a second one if the
// client is of a blog other than the main one, whose options are in another table.
func (s *Store) Find(ctx context.Context, clientID string, p oauth.Presented) (facts oauth.Facts, err error) {
	q := question{args: [3]any{wpdb.Comparand(clientID), wpdb.Comparand(p.Value)}, openID: s.tellsUser(p.Kind) && s.openID.expected(clientID)}
	err = s.finds[p.Kind].look(ctx, q, func(ctx context.Context, db *wpdb.DB, found answer) (_ bool, err error) {
		facts, err = s.facts(ctx, db, found, p.Kind)
		return missed(facts.Client, facts.Grant, p.Kind != ""), err
	})
	if err == nil && facts.Client != nil && facts.Grant != nil && s.tellsUser(p.Kind) {
		s.openID.note(clientID, facts.Site.Blog == 0 && facts.Grant.Scope.Contains("openid"))
	}
	return facts, err
}

// tellsUser reports whether what is presented may be exchanged for an ID token.
func (s *Store) tellsUser(kind oauth.Kind) bool {
	_, ok := s.statements.findOpenID[kind]
	return ok
}

// facts reads a row that has a client, and may have a grant of the kind.
func (s *Store) facts(ctx context.Context, db *wpdb.DB, found answer, kind oauth.Kind) (facts oauth.Facts, err error) {
	facts = oauth.Facts{Site: wpdb.SiteOf(found.first), Grant: found.Grant(kind)}
	encrypted, member := found.Text(wpdb.OptionSecretsEncrypted), found.Text(wpdb.ColMember)
	blog, blogGone := found.Integer("active_oauth_server_id"), false
	if db.Config.Multisite && found.Null("client_id") && facts.Grant == nil {
		facts.Site.Deactivated = false // it is unknown which blog the request is for
	}
	if db.Config.Multisite && blog > 1 {
		options, err := s.blogOfUser(ctx, db, blog, found.Integer(wpdb.ColGrantUser))
		if blogGone = wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable; err != nil && !blogGone {
			return oauth.Facts{}, err
		}
		facts.Site = wpdb.SiteOf(options)
		facts.Site.Blog = blog
		encrypted, member = options[wpdb.OptionSecretsEncrypted], options[wpdb.ColMember]
	}
	if facts.Grant != nil && db.Config.Multisite && !found.Null("active_oauth_server_id") {
		facts.Grant.UserLeft = member != "1"
	}
	if !blogGone { // a client of a deleted blog is deleted with it
		facts.Client = found.Client(!wpdb.PHPFalse(encrypted))
	}
	if found.Has(wpdb.ColKey) && facts.Site.Blog == 0 && facts.Grant != nil && facts.Grant.Scope.Contains("openid") {
		identity := found.Identity(db.Config.Home)
		facts.Identity = &identity
	}
	return facts, nil
}

// blogOfUser reads the options of a blog other than the main one and, as
// ColMember, whether the user is a member there.
func (s *Store) blogOfUser(ctx context.Context, db *wpdb.DB, blog, user int64) (wpdb.Options, error) {
	query := db.OptionsStatement(blog) + s.statements.member
	return db.QueryOptions(ctx, query, user, db.Config.BlogCapabilities(blog))
}

// missed reports whether something that was asked for is not there.
func missed(client *oauth.Client, grant *oauth.Grant, asked bool) bool {
	return client == nil || asked && grant == nil
}
