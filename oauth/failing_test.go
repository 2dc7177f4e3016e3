package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

var errAway = fmt.Errorf("%w, in a test", oauth.ErrUnavailable)

// failing is a store of which one call fails.
type failing struct {
	oauth.Store
	unindexed bool
	at, calls int // the number of the call that fails, from 1; and how many there were
}

func try[T any](s *failing, call func() (T, error)) (none T, err error) {
	if s.calls++; s.calls == s.at {
		return none, errAway
	}
	return call()
}

func (s *failing) Scans(oauth.Kind) bool { return s.unindexed }

func (s *failing) Find(ctx context.Context, id string, p oauth.Presented) (oauth.Facts, error) {
	return try(s, func() (oauth.Facts, error) { return s.Store.Find(ctx, id, p) })
}

func (s *failing) FindBearer(ctx context.Context, token string) (oauth.Bearer, error) {
	return try(s, func() (oauth.Bearer, error) { return s.Store.FindBearer(ctx, token) })
}

func (s *failing) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	return try(s, func() (oauth.Identity, error) { return s.Store.Identify(ctx, q) })
}

func (s *failing) PublicClients(ctx context.Context) (bool, error) {
	return try(s, func() (bool, error) { return s.Store.PublicClients(ctx) })
}

func (s *failing) FindFamily(ctx context.Context, id, family string) (*oauth.Family, error) {
	return try(s, func() (*oauth.Family, error) { return s.Store.FindFamily(ctx, id, family) })
}

func (s *failing) FindRotation(ctx context.Context, token string) (*oauth.Rotation, error) {
	return try(s, func() (*oauth.Rotation, error) { return s.Store.FindRotation(ctx, token) })
}

func (s *failing) Revoke(ctx context.Context, r oauth.Revocation) (bool, error) {
	return try(s, func() (bool, error) { return s.Store.Revoke(ctx, r) })
}

func (s *failing) Issue(ctx context.Context, tokens ...oauth.Token) error {
	_, err := try(s, func() (any, error) { return nil, s.Store.Issue(ctx, tokens...) })
	return err
}

func (s *failing) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	_, err := try(s, func() (any, error) { return nil, s.Store.Redeem(ctx, p, tokens...) })
	return err
}

// sends is a request that must not get tokens beside an error.
func sends(r oauth.Request) func(*fixture) error {
	return func(f *fixture) error {
		answer, err := f.Token(context.Background(), r)
		if err != nil && answer.Tokens != nil {
			f.Errorf("%+v: tokens beside %v", r, err)
		}
		return err
	}
}

// TestStoreFails: whichever call of the store fails, the request is refused as one that
// may be sent again; and then it is answered as if nothing had happened.
func TestStoreFails(t *testing.T) {
	openid := refreshRequest()
	openid.Scope = "openid"
	readings := refreshRequest()
	readings.Credentials = append(credentials("nobody", appSecret), app()...)
	authorization := pkce()
	authorization.Scope = "openid"
	rotated := func(f *fixture) {
		f.Policy.RotationGrace = time.Minute
		f.grants(publicRefresh("p0"))
	}
	used := func(f *fixture) {
		f.login("c1")
		f.now = f.now.Add(time.Minute)
	}
	for name, c := range map[string]struct {
		prepare func(*fixture) // nil: nothing
		send    func(*fixture) error
	}{
		"code":                  {nil, sends(codeRequest())},
		"refresh":               {nil, sends(refreshRequest())},
		"two readings":          {nil, sends(readings)},
		"openid asked for":      {nil, sends(openid)},
		"rotation":              {nil, sends(publicRefresh("p0"))},
		"lost answer":           {rotated, sends(publicRefresh("p0"))},
		"replay":                {func(f *fixture) { rotated(f); f.store.AgeRotations(time.Hour) }, sends(publicRefresh("p0"))},
		"code once more":        {used, sends(codeOf("c1"))},
		"code, never ended":     {func(f *fixture) { used(f); f.Store = &rotatingStore{f.store, 1000} }, sends(codeOf("c1"))},
		"revocation":            {nil, sends(oauth.Request{Token: "a0", Credentials: app()})},
		"replaced, revoked":     {rotated, sends(oauth.Request{Token: "p0", Credentials: credentials(publicID, "")})},
		"unknown, introspected": {nil, introspects("nope")},
		"introspection":         {nil, introspects("a0")},
		"resource":              {nil, func(f *fixture) error { _, _, err := f.UserInfo(context.Background(), "a0"); return err }},
		"discovery":             {nil, func(f *fixture) error { _, err := f.Discover(context.Background(), appID); return err }},
		"keys":                  {nil, func(f *fixture) error { _, err := f.PublicKey(context.Background(), appID); return err }},
		"metadata":              {nil, func(f *fixture) error { _, err := f.Metadata(context.Background()); return err }},
		"authorized": {nil, func(f *fixture) error {
			f.Seals = newSeals(f, appSecret)
			_, err := f.Authorized(context.Background(), authorization, phpCode)
			return err
		}},
		"not authorized": {nil, func(f *fixture) error {
			f.Seals = newSeals(f, appSecret)
			_, err := f.Refused(context.Background(), authorization)
			return err
		}},
	} {
		for _, unindexed := range []bool{false, true} {
			begin := func(at int) (*fixture, *failing) {
				f := newFixture(t)
				f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
				f.put(oauth.RefreshToken, "p0", f.grant(publicID))
				f.put(oauth.AccessToken, "a0", f.grant(appID))
				f.put(oauth.RefreshToken, "r0", oauth.Grant{ClientID: appID, UserID: alice})
				f.store.SetOpenID(issuer, false)
				if c.prepare != nil {
					c.prepare(f)
				}
				store := &failing{f.Store, unindexed, at, 0}
				f.Store = store
				return f, store
			}
			f, store := begin(0)
			want := fmt.Sprint(c.send(f))
			for at := range store.calls {
				f, store := begin(at + 1)
				for range 3 { // which is more than may look without an index at once
					store.calls = 0
					var refused oauth.Error
					if err := c.send(f); !errors.Is(err, errAway) || errors.As(err, &refused) {
						t.Fatalf("%s, without indexes %v: after call %d failed: %v", name, unindexed, at+1, err)
					}
				}
				if got := fmt.Sprint(c.send(f)); got != want {
					t.Errorf("%s, without indexes %v: call %d has failed; then: %s, want %s", name, unindexed, at+1, got, want)
				}
			}
		}
	}
}

func introspects(token string) func(*fixture) error {
	return func(f *fixture) error {
		_, _, err := f.Introspect(context.Background(), oauth.Request{Token: token, Credentials: app()})
		return err
	}
}

// TestUnavailableNamesClient: a client that has proved who it is has done so, whatever
// the store does then.
func TestUnavailableNamesClient(t *testing.T) {
	for at := 2; at <= 3; at++ {
		f := newFixture(t)
		f.put(oauth.AccessToken, "a0", f.grant(appID))
		r := oauth.Request{Token: "a0", Credentials: app()}
		f.Store = &failing{f.store, true, at, 0}
		revoked, err := f.Token(context.Background(), r)
		f.Store = &failing{f.store, true, at, 0}
		_, introspected, again := f.Introspect(context.Background(), r)
		for _, answer := range []oauth.Answer{revoked, introspected} {
			if err == nil || again == nil || answer.Client == nil || answer.Client.ID != appID || !answer.Authenticated {
				t.Errorf("call %d has failed: %+v, errors %v and %v", at, answer, err, again)
			}
		}
	}
}
