package storetest

import (
	"context"
	"errors"
	"testing"

	"moserver-sidecar/oauth"
)

func findByteExact(t *testing.T, s Subject) {
	for _, kind := range kinds() {
		s.PutGrant(presented(kind, "abcdef"), grant())
		for _, value := range []string{"ABCDEF", "abcdef ", " abcdef", "àbcdef", "abcdef\x00", "ａbcdef"} {
			if facts := mustFind(t, s, clientID, presented(kind, value)); facts.Grant != nil {
				t.Errorf("%s %q found the one that is stored as %q", kind, value, "abcdef")
			}
			if err := s.Redeem(context.Background(), presented(kind, value)); !errors.Is(err, oauth.ErrNotFound) {
				t.Errorf("%s %q: Redeem returned %v", kind, value, err)
			}
		}
	}
	for _, id := range []string{"VFIXcmmqhaWeAnMjGqwsfVUSlRuUVYXU", clientID + " "} {
		if facts := mustFind(t, s, id, presented(oauth.RefreshToken, "abcdef")); facts.Client != nil {
			t.Errorf("client id %q found client %q", id, clientID)
		}
	}
}

func findSeesChanges(t *testing.T, s Subject) {
	p := presented(oauth.RefreshToken, "r0")
	s.PutGrant(p, grant())
	changed := client()
	changed.Secret = "another secret of the same client"
	s.PutClient(changed)
	if got := mustFind(t, s, clientID, p).Client; got.Secret != changed.Secret {
		t.Error("the secret is still the old one")
	}
	s.DeleteUser(alice)
	if mustFind(t, s, clientID, p).Grant.UserExists {
		t.Error("the deleted user still exists")
	}
	s.DeleteClient(clientID)
	if mustFind(t, s, clientID, p).Client != nil {
		t.Error("the deleted client is still there")
	}
}
