package oauth_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

// asked is a store that notes what is asked of identities.
type asked struct {
	oauth.Store
	queries []oauth.IdentityQuery
}

func (s *asked) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	s.queries = append(s.queries, q)
	return s.Store.Identify(ctx, q)
}

// TestIdentityQuery: in a network of sites the client's site decides who issues the ID token.
func TestIdentityQuery(t *testing.T) {
	f := newFixture(t)
	store := &asked{Store: f.store}
	f.Store = store
	f.store.SetSite(oauth.Site{Blog: 5, TokenLength: 32})
	f.put(oauth.AuthorizationCode, "c0", oauth.Grant{ClientID: appID, UserID: alice, Expires: f.now})
	f.put(oauth.RefreshToken, "r0", oauth.Grant{ClientID: appID, UserID: alice})
	for _, r := range []oauth.Request{codeRequest(), refreshRequest()} {
		r.Scope = "openid"
		f.grants(r)
	}
	if _, err := f.Discover(context.Background(), appID); err != nil {
		t.Fatal(err)
	}
	want := []oauth.IdentityQuery{{5, appID, alice, "c0"}, {5, appID, alice, ""}, {Blog: 5, ClientID: appID}}
	if diff := cmp.Diff(want, store.queries); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

func TestDiscover(t *testing.T) {
	f := newFixture(t)
	for _, off := range []bool{false, true} {
		f.store.SetOpenID(issuer, off)
		f.Seals = nil
		if off {
			f.Seals = newSeals(t, appSecret)
		}
		client := oauth.Client{ID: appID, Confidential: true, Secret: appSecret}
		want := oauth.Discovery{Client: &client, OpenIDOff: off, Sealed: off, Base: issuer, Issuer: issuer + "/" + appID}
		got, err := f.Discover(context.Background(), appID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if got, err := f.Metadata(context.Background()); got != (oauth.Metadata{Sealed: off, PublicClients: true}) || err != nil {
			t.Errorf("of the site: %+v, %v", got, err)
		}
	}
	var refused oauth.Error
	if _, err := f.Discover(context.Background(), "nobody"); !errors.As(err, &refused) || refused.Code != oauth.InvalidClient {
		t.Errorf("unknown client: %v", err)
	}
}

// TestPublicKey: it is that of the key that signs, or if that cannot be read the one which
// is stored as public.
func TestPublicKey(t *testing.T) {
	private, public := testdata(t, "pkcs8.pem"), testdata(t, "public.pem")
	for name, test := range map[string]struct {
		key    oauth.SigningKey
		reason oauth.Reason // empty: the public key of pkcs8.pem
	}{
		"private":           {oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: private}, ""},
		"both, not a pair":  {oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: private, PublicKey: testdata(t, "shortpublic.pem")}, ""},
		"public alone":      {oauth.SigningKey{Algorithm: oauth.RS256, PublicKey: public}, ""},
		"neither":           {oauth.SigningKey{Algorithm: oauth.RS256}, oauth.ReasonInvalidKey},
		"short":             {oauth.SigningKey{Algorithm: oauth.RS256, PublicKey: testdata(t, "shortpublic.pem")}, oauth.ReasonInvalidKey},
		"secret":            {oauth.SigningKey{Algorithm: oauth.HS256, PrivateKey: private, PublicKey: public}, oauth.ReasonNoKeys},
		"another algorithm": {oauth.SigningKey{Algorithm: "RS512", PrivateKey: private, PublicKey: public}, oauth.ReasonInvalidKey},
	} {
		s := newSite(t)
		s.PutKey(appID, test.key)
		got, err := s.Server.PublicKey(context.Background(), appID)
		var refused oauth.Error
		if errors.As(err, &refused); refused.Reason != test.reason || (got == nil) != (test.reason != "") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if got != nil && got.Size() != 256 {
			t.Errorf("%s: a key of %d bytes", name, got.Size())
		}
	}
	_, err := newSite(t).Server.PublicKey(context.Background(), "nobody")
	if refused := (oauth.Error{}); !errors.As(err, &refused) || refused.Reason != oauth.ReasonClientUnknown || refused.Description != "Either Client does not exist or Signing algorithm is HSA based." {
		t.Errorf("unknown client: %v", err) // in the plugin's words
	}
}

// TestClosedToAll: no document and no token is given while an administrator has closed
// the server.
func TestClosedToAll(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.AccessToken, "a0", f.grant(appID))
	f.store.SetSite(oauth.Site{SwitchedOff: true})
	_, err := f.Discover(context.Background(), appID)
	_, keyErr := f.PublicKey(context.Background(), appID)
	_, client, infoErr := f.UserInfo(context.Background(), "a0")
	if client == nil || client.ID != appID {
		t.Errorf("the resource's client is %+v", client)
	}
	_, _, unknownErr := f.UserInfo(context.Background(), "unknown")
	for what, err := range map[string]error{
		"discovery": err, "keys": keyErr, "introspection": introspects("a0")(f), "resource": infoErr, "resource, unknown token": unknownErr,
	} {
		if !errors.Is(err, oauth.ErrSwitchedOff) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
