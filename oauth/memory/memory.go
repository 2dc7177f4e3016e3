// Package memory is an oauth.Store that forgets everything when the process
// ends. The demo falls back to it where there is no MariaDB, and the protocol's
// tests run on it.
package memory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"moserver-sidecar/oauth"
)

// Store is an oauth.Store in memory. It is safe for concurrent use.
type Store struct {
	mu      sync.Mutex
	site    oauth.Site
	clients map[string]oauth.Client
	users   map[int64]oauth.Profile
	left    map[int64]bool // users who are no members of the site
	rows    map[oauth.Presented]row
	keys    map[string]oauth.SigningKey // by client id

	rotations map[string]rotation // by the refresh token that was replaced
	rotated   []string            // the keys of rotations, oldest first

	issuer         string
	openIDOff      bool
	idTokens       map[string]string // by code
	currentIDToken string
}

// row is a stored code or token.
type row struct {
	oauth.Token
	redirectURI string
}

// New returns an empty store for a site with the plugin's defaults: access
// tokens of an hour, refresh tokens that never expire, 32 hex digits.
func New() *Store {
	return &Store{
		site:    oauth.Site{AccessTokenLifetime: time.Hour, TokenLength: 32},
		clients: map[string]oauth.Client{},
		users:   map[int64]oauth.Profile{},
		left:    map[int64]bool{},
		rows:    map[oauth.Presented]row{},
		keys:    map[string]oauth.SigningKey{},

		rotations: map[string]rotation{},
		idTokens:  map[string]string{},
	}
}

// SetSite replaces what the administrator has set.
func (s *Store) SetSite(site oauth.Site) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.site = site
}

// PutClient adds the client, or replaces the one of the same id.
func (s *Store) PutClient(c oauth.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[c.ID] = c
}

// DeleteClient removes the client, and leaves its tokens, as the plugin does.
func (s *Store) DeleteClient(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, id)
}

// PutUser adds a user of whom nothing is known.
func (s *Store) PutUser(id int64) { s.PutProfile(id, oauth.Profile{}) }

// DeleteUser removes a user, and leaves the user's tokens, as WordPress does.
func (s *Store) DeleteUser(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, id)
}

// SetMember makes the user a member of the site, as each is at first, or takes
// the user from it.
func (s *Store) SetMember(id int64, member bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left[id] = !member
}

// PutGrant adds a code or token. UserExists and UserLeft are not kept:
// PutUser and SetMember decide them.
func (s *Store) PutGrant(p oauth.Presented, g oauth.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[p] = row{
		Token: oauth.Token{
			Kind: p.Kind, Value: p.Value, ClientID: g.ClientID,
			UserID: g.UserID, Expires: g.Expires, Scope: g.Scope,
		},
		redirectURI: g.RedirectURI,
	}
}

// Tokens lists what is stored of a kind, in no particular order.
func (s *Store) Tokens(kind oauth.Kind) []oauth.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	var tokens []oauth.Token
	for _, r := range s.rows {
		if r.Kind == kind {
			tokens = append(tokens, r.Token)
		}
	}
	return tokens
}

// Find implements oauth.Store.
func (s *Store) Find(_ context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts := oauth.Facts{Site: s.site}
	if c, ok := s.clients[clientID]; ok {
		facts.Client = &c
	}
	facts.Grant = s.grant(p)
	facts.Identity = s.identityOf(clientID, p, facts.Grant)
	return facts, nil
}

// PublicClients implements oauth.Store.
func (s *Store) PublicClients(context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		if !c.Confidential {
			return true, nil
		}
	}
	return false, nil
}

// Scans implements oauth.Store. No look in memory does.
func (s *Store) Scans(oauth.Kind) bool { return false }

// grant is what is stored under p, nil if nothing is; s.mu is held.
func (s *Store) grant(p oauth.Presented) *oauth.Grant {
	r, ok := s.rows[p]
	if !ok || p.Value == "" {
		return nil
	}
	_, userExists := s.users[r.UserID]
	return &oauth.Grant{
		ClientID: r.ClientID, UserID: r.UserID, UserExists: userExists, UserLeft: s.left[r.UserID],
		RedirectURI: r.redirectURI, Expires: r.Expires, Scope: r.Scope,
	}
}

// Issue implements oauth.Store.
func (s *Store) Issue(_ context.Context, tokens ...oauth.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issue(tokens)
	return nil
}

// Redeem implements oauth.Store.
func (s *Store) Redeem(_ context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.rows[p]; !ok {
		return oauth.ErrNotFound
	}
	delete(s.rows, p)
	s.issue(tokens)
	s.record(p, tokens)
	return nil
}

// Revoke implements oauth.Store.
func (s *Store) Revoke(_ context.Context, r oauth.Revocation) (ended bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, known := s.last(r.Presented)
	if !known {
		ended = s.removeAll(oauth.RefreshToken, r)
	} else if kept, ok := s.rows[last]; ok && kept.ClientID == r.ClientID {
		delete(s.rows, last)
		ended = true
	}
	if ended && r.AccessTokens == oauth.ReachAll {
		s.removeAll(oauth.AccessToken, r)
	} else if family := oauth.FamilyOf(last); ended && r.AccessTokens == oauth.ReachGrant && family != "" {
		maps.DeleteFunc(s.rows, func(p oauth.Presented, kept row) bool {
			return p.Kind == oauth.AccessToken && strings.HasPrefix(p.Value, family) && kept.ClientID == r.ClientID && kept.UserID == r.UserID
		})
	}
	return ended, nil
}

// FindFamily implements oauth.Store.
func (s *Store) FindFamily(_ context.Context, clientID, family string) (found *oauth.Family, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, kept := range s.rows {
		if p.Kind == oauth.AuthorizationCode || !strings.HasPrefix(p.Value, family) || kept.ClientID != clientID {
			continue
		}
		if found == nil {
			found = &oauth.Family{Token: p, UserID: kept.UserID}
		}
		if p.Kind == oauth.RefreshToken {
			found.Token = p
		} else if found.Oldest.IsZero() || kept.Expires.Before(found.Oldest) {
			found.Oldest = kept.Expires
		}
	}
	return found, nil
}

// removeAll removes the tokens of a kind that a client has for a user, and says
// if there was one; s.mu is held.
func (s *Store) removeAll(kind oauth.Kind, r oauth.Revocation) bool {
	before := len(s.rows)
	maps.DeleteFunc(s.rows, func(p oauth.Presented, kept row) bool {
		return p.Kind == kind && kept.ClientID == r.ClientID && kept.UserID == r.UserID
	})
	return len(s.rows) < before
}

// Ready implements oauth.Store. A store in memory always is.
func (s *Store) Ready(context.Context) error { return nil }

// issue adds tokens; s.mu is held.
func (s *Store) issue(tokens []oauth.Token) {
	for _, t := range tokens {
		t.Scope = slices.Clone(t.Scope)
		s.rows[oauth.Presented{Kind: t.Kind, Value: t.Value}] = row{Token: t}
	}
}
