package storetest

import (
	"testing"

	"moserver-sidecar/oauth"
)

// NetworkSubject is a store of a network of sites. Users whom PutUser has added
// are members of the client's site.
type NetworkSubject interface {
	Subject
	SetMember(user int64, member bool) // of the client's site
}

// RunNetwork runs what the interface promises of a network. newSubject returns
// an empty store each time.
func RunNetwork(t *testing.T, newSubject func(*testing.T) NetworkSubject) {
	t.Run("find sees who is a member", func(t *testing.T) {
		s := newSubject(t)
		s.PutUser(alice)
		s.PutUser(bob)
		s.PutClient(client())
		findMember(t, s)
	})
}

func findMember(t *testing.T, s NetworkSubject) {
	ofBob := grant()
	ofBob.UserID = bob
	for _, kind := range kinds() {
		s.PutGrant(presented(kind, "of alice"), grant())
		s.PutGrant(presented(kind, "of bob"), ofBob)
	}
	for _, member := range []bool{true, false, true} {
		s.SetMember(alice, member)
		for _, kind := range kinds() {
			if got := mustFind(t, s, clientID, presented(kind, "of alice")).Grant; got.UserLeft == member || !got.UserExists {
				t.Errorf("%s, member %v: %+v", kind, member, got)
			}
			if got := mustFind(t, s, clientID, presented(kind, "of bob")).Grant; got.UserLeft {
				t.Errorf("%s of another user: %+v", kind, got)
			}
		}
		if got := mustFind(t, s, clientID, oauth.Presented{}); got.Client == nil || got.Grant != nil {
			t.Errorf("without a grant: %+v", got)
		}
	}
}
