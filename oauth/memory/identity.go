package memory

import (
	"context"

	"moserver-sidecar/oauth"
)

// SetOpenID sets the site's issuer, and if OpenID Connect is switched off.
func (s *Store) SetOpenID(issuer string, off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issuer, s.openIDOff = issuer, off
}

// PutProfile adds the user, or replaces the one of the same id.
func (s *Store) PutProfile(id int64, p oauth.Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[id] = p
}

// PutKey gives a client a key, in place of the one it had.
func (s *Store) PutKey(clientID string, key oauth.SigningKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[clientID] = key
}

// PutIDToken leaves beside a code what the authorization endpoint leaves.
func (s *Store) PutIDToken(code string, stored oauth.StoredIDToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idTokens[code], s.currentIDToken = stored.OfCode, stored.Current
}

// FindBearer implements oauth.Store.
func (s *Store) FindBearer(_ context.Context, accessToken string) (oauth.Bearer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer := oauth.Bearer{Site: s.site, Grant: s.grant(oauth.Presented{Kind: oauth.AccessToken, Value: accessToken})}
	if bearer.Grant == nil {
		return bearer, nil
	}
	if c, ok := s.clients[bearer.Grant.ClientID]; ok {
		bearer.Client = &c
	}
	bearer.Profile = s.users[bearer.Grant.UserID]
	return bearer, nil
}

// Identify implements oauth.Store.
func (s *Store) Identify(_ context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity(q), nil
}

func (s *Store) identity(q oauth.IdentityQuery) oauth.Identity {
	identity := oauth.Identity{
		OpenIDOff: s.openIDOff, Issuer: s.issuer,
		Key: oauth.SigningKey{Algorithm: oauth.HS256}, Profile: s.users[q.UserID],
	}
	if key, ok := s.keys[q.ClientID]; ok {
		identity.Key = key
	}
	if code := s.grant(oauth.Presented{Kind: oauth.AuthorizationCode, Value: q.Code}); code != nil {
		identity.Stored = oauth.StoredIDToken{OfCode: s.idTokens[q.Code], Current: s.currentIDToken}
	}
	return identity
}

// identityOf is what comes along with a grant, nil if that gives no ID token.
func (s *Store) identityOf(clientID string, p oauth.Presented, g *oauth.Grant) *oauth.Identity {
	if g == nil || p.Kind == oauth.AccessToken || !g.Scope.Contains("openid") {
		return nil
	}
	q := oauth.IdentityQuery{ClientID: clientID, UserID: g.UserID}
	if p.Kind == oauth.AuthorizationCode {
		q.Code = p.Value
	}
	identity := s.identity(q)
	return &identity
}
