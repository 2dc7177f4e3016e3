package store

import (
	"context"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Identify implements oauth.Store. It takes one round trip. Requests for blogs other than
// the main one, whose options are in other tables, share none.
//
// Where the plugin is too old for keys, or the account may not read them, no ID
// token can be signed; the client must get its other tokens all the same.
func (s *Store) Identify(ctx context.Context, q oauth.IdentityQuery) (identity oauth.Identity, err error) {
	home, r := s.db.Config.Home, s.identities[q.Code != ""]
	if q.Blog != 0 {
		t := s.db.Tables
		t.Options = s.db.Config.BlogOptions(q.Blog)
		texts := sizes{identityStatement(t, q.Code != "", 1), identityStatement(t, q.Code != "", 2)}
		home, r = "", s.newIdentities(texts, r.takes...)
	}
	asked := question{args: [3]any{wpdb.Comparand(q.ClientID), q.UserID, wpdb.Comparand(q.Code)}}
	err = r.look(ctx, asked, func(_ context.Context, _ *wpdb.DB, found answer) (missed bool, err error) {
		if found.Empty() { // the keys cannot be read
			identity = oauth.Identity{Issuer: wpdb.IssuerOf(home, "")}
			return q.Code != "", nil
		}
		identity = found.Identity(home)
		if missed = q.Code != "" && found.Null("authorization_code"); missed {
			identity.Stored = oauth.StoredIDToken{}
		}
		return missed, nil
	})
	return identity, err
}

// newIdentities is newReads of what ID tokens are made of.
func (s *Store) newIdentities(texts sizes, takes ...int) *reads {
	r := s.newReads("identity", texts, sizes{}, takes...)
	r.note = func(err error) error {
		if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.Denied(err) {
			s.db.Log.Error("no ID token can be signed", "error", wpdb.Describe(err))
			return nil
		}
		return err
	}
	return r
}

// PublicClients implements oauth.Store.
func (s *Store) PublicClients(ctx context.Context) (found bool, err error) {
	err = s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (bool, error) {
		err := db.Each(ctx, s.statements.public, nil, func(wpdb.Row) { found = true })
		return false, err
	})
	return found, err
}

// FindBearer implements oauth.Store. It takes as many round trips as Find.
func (s *Store) FindBearer(ctx context.Context, accessToken string) (bearer oauth.Bearer, err error) {
	q := question{args: [3]any{wpdb.Comparand(accessToken)}}
	err = s.bearers.look(ctx, q, func(ctx context.Context, db *wpdb.DB, found answer) (bool, error) {
		facts, err := s.facts(ctx, db, found, oauth.AccessToken)
		bearer = oauth.Bearer{Site: facts.Site, Client: facts.Client, Grant: facts.Grant, Profile: found.Profile()}
		return missed(facts.Client, facts.Grant, true), err
	})
	return bearer, err
}
