package store_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"moserver-sidecar/oauth"
)

// TestRotationsTogether: of those who share a statement each gets its own record.
func TestRotationsTogether(t *testing.T) {
	const n = 7
	s := newRotatingSite(t, database)
	for i := range n {
		old := fmt.Sprint("old", i)
		s.PutGrant(refreshToken(old), oauth.Grant{ClientID: clientID, UserID: alice})
		if err := s.Redeem(within(t, patience), refreshToken(old), newToken(oauth.RefreshToken, fmt.Sprint("new", i))); err != nil {
			t.Fatal(err)
		}
	}
	s.together(2*n, func(i int) {
		value := map[bool]string{true: "old", false: "OLD"}[i < n]
		r, err := s.FindRotation(within(t, patience), fmt.Sprint(value, i%n))
		if err != nil || (r != nil) != (i < n) || r != nil && r.Successor != fmt.Sprint("new", i) {
			t.Errorf("%s%d: %+v, %v", value, i%n, r, err)
		}
	})
}

// statements counts the statements of a kind that requests share.
func (s *site) statements(kind string) *atomic.Int32 {
	n := new(atomic.Int32)
	s.Gathered = func(of string, _ int) {
		if of == kind {
			n.Add(1)
		}
	}
	return n
}

// TestIdentitiesTogether: of those who share a statement each gets its own key, user and
// stored ID token.
func TestIdentitiesTogether(t *testing.T) {
	const n = 11
	s := newSite(t, database)
	for i := range n {
		s.PutKey(fmt.Sprint("client", i), oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: fmt.Sprint("key", i)})
		s.PutProfile(int64(10+i), oauth.Profile{Nickname: fmt.Sprint("user", i)})
		code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: fmt.Sprint("code", i)}
		s.PutGrant(code, oauth.Grant{ClientID: fmt.Sprint("client", i), UserID: int64(10 + i)})
		s.PutIDToken(code.Value, oauth.StoredIDToken{OfCode: fmt.Sprint("stored", i), Current: "current"})
	}
	statements := s.statements("identity")
	s.together(3*n, func(caller int) {
		i := caller % n
		q := oauth.IdentityQuery{ClientID: fmt.Sprint("client", i), UserID: int64(10 + i)}
		want := oauth.Identity{Key: oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: fmt.Sprint("key", i)}}
		want.Profile.Nickname = fmt.Sprint("user", i)
		switch caller / n {
		case 0:
			q.Code, want.Stored = fmt.Sprint("code", i), oauth.StoredIDToken{OfCode: fmt.Sprint("stored", i), Current: "current"}
		case 1:
			q = oauth.IdentityQuery{ClientID: fmt.Sprint("CLIENT", i), UserID: int64(100 + i), Code: fmt.Sprint("CODE", i)}
			want = oauth.Identity{Key: oauth.SigningKey{Algorithm: oauth.HS256}}
		}
		got, err := s.Identify(within(t, patience), q)
		if err != nil || got.Key != want.Key || got.Profile.Nickname != want.Profile.Nickname || got.Stored != want.Stored {
			t.Errorf("caller %d: %+v, %v; want %+v", caller, got, err, want)
		}
	})
	if got := statements.Load(); got != 2 {
		t.Errorf("%d callers took %d statements, want one for those with a code and one for the others", 3*n, got)
	}
}

// TestFamiliesTogether: of those who share a statement each gets its own family.
func TestFamiliesTogether(t *testing.T) {
	const n = 7
	s := newSite(t, database)
	for i := range n {
		kind := []oauth.Kind{oauth.RefreshToken, oauth.AccessToken}[i%2]
		s.PutGrant(oauth.Presented{Kind: kind, Value: familyOf(fmt.Sprint("code", i)) + "1"}, oauth.Grant{ClientID: clientID, UserID: int64(i + 1)})
	}
	statements := s.statements("family")
	s.together(3*n, func(caller int) {
		i := caller % n
		family, id := familyOf(fmt.Sprint("code", i)), clientID
		switch caller / n {
		case 1:
			family = strings.ToUpper(family)
		case 2:
			id = "another"
		}
		got, err := s.FindFamily(within(t, patience), id, family)
		if err != nil || (got != nil) != (caller < n) || got != nil &&
			(got.UserID != int64(i+1) || got.Token.Value != family+"1" || got.Oldest.IsZero() != (i%2 == 0)) {
			t.Errorf("caller %d: %+v, %v", caller, got, err)
		}
	})
	if got := statements.Load(); got != 1 {
		t.Errorf("%d callers took %d statements", 3*n, got)
	}
}
