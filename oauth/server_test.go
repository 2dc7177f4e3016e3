package oauth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
)

const (
	appID, appSecret = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU", "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	otherID          = "HsClientHsClientHsClientHsClient"
	otherSecret      = "HsSecretHsSecretHsSecretHsSecret"
	publicID         = "PublicPublicPublicPublicPublicPu"
	redirectURI      = "https://client.example.com/callback"
	alice            = int64(2)
)

// fixture is a server on a store in memory, at a moment that the test sets.
type fixture struct {
	*testing.T
	*oauth.Server
	store *memory.Store
	now   time.Time
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{T: t, store: memory.New(), now: time.Date(2026, 3, 29, 1, 30, 0, 700e6, time.UTC)}
	f.Server = &oauth.Server{Store: f.store, Now: func() time.Time { return f.now }, Random: rand.Reader}
	f.store.PutUser(alice)
	f.store.PutClient(oauth.Client{ID: appID, Confidential: true, Secret: appSecret})
	f.store.PutClient(oauth.Client{ID: otherID, Confidential: true, Secret: otherSecret})
	f.store.PutClient(oauth.Client{ID: publicID})
	return f
}

// grant is a code or token of alice at the client, good for 30 seconds.
func (f *fixture) grant(clientID string) oauth.Grant {
	return oauth.Grant{
		ClientID: clientID, UserID: alice, RedirectURI: redirectURI,
		Expires: f.now.Truncate(time.Second).Add(30 * time.Second), Scope: oauth.Scope{"profile", "email"},
	}
}

func (f *fixture) put(kind oauth.Kind, value string, g oauth.Grant) {
	f.store.PutGrant(oauth.Presented{Kind: kind, Value: value}, g)
}

// app is the credentials of the confidential client.
func app() []oauth.Credential { return credentials(appID, appSecret) }

func credentials(id, secret string) []oauth.Credential {
	return []oauth.Credential{{ClientID: id, ClientSecret: secret}}
}

func codeRequest() oauth.Request {
	return oauth.Request{GrantType: "authorization_code", Code: "c0", RedirectURI: redirectURI, Credentials: app()}
}

func refreshRequest() oauth.Request {
	return oauth.Request{GrantType: "refresh_token", RefreshToken: "r0", Credentials: app()}
}

// grants sends a request that must be granted.
func (f *fixture) grants(r oauth.Request) *oauth.Tokens {
	f.Helper()
	answer, err := f.Token(context.Background(), r)
	if err != nil {
		f.Fatalf("%+v: %v", r, err)
	}
	return answer.Tokens
}

// refuses sends a request that must be refused with a code, and the words of
// its description.
func (f *fixture) refuses(r oauth.Request, code oauth.Code, words string) {
	f.Helper()
	answer, err := f.Token(context.Background(), r)
	var refused oauth.Error
	if !errors.As(err, &refused) || refused.Code != code || !strings.Contains(refused.Description, words) {
		f.Errorf("%+v: got %v, want %s with %q", r, err, code, words)
	}
	if answer.Tokens != nil {
		f.Errorf("%+v: tokens beside an error", r)
	}
}

func TestCode(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	tokens := f.grants(codeRequest())
	want := &oauth.Tokens{
		AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken, ExpiresIn: 3600,
		Scope: oauth.Scope{"profile", "email"},
	}
	if diff := cmp.Diff(want, tokens); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	now := f.now.Truncate(time.Second)
	stored := oauth.Token{
		Kind: oauth.AccessToken, Value: tokens.AccessToken, ClientID: appID, UserID: alice,
		Expires: now.Add(time.Hour), Scope: want.Scope,
	}
	if diff := cmp.Diff([]oauth.Token{stored}, f.store.Tokens(oauth.AccessToken)); diff != "" {
		t.Errorf("access tokens (-want +got):\n%s", diff)
	}
	stored.Kind, stored.Value, stored.Expires = oauth.RefreshToken, tokens.RefreshToken, time.Time{}
	if diff := cmp.Diff([]oauth.Token{stored}, f.store.Tokens(oauth.RefreshToken)); diff != "" {
		t.Errorf("refresh tokens (-want +got):\n%s", diff)
	}
	f.refuses(codeRequest(), oauth.InvalidGrant, "doesn't exist")
}

// TestCodeChecks goes through the checks in their order: each request has all
// the later faults too.
func TestCodeChecks(t *testing.T) {
	f := newFixture(t)
	bad := f.grant(otherID)
	bad.UserID, bad.RedirectURI, bad.Expires = 9999, "https://elsewhere.example.com/", f.now.Add(-time.Minute)
	r := codeRequest()
	r.Code, r.Scope = "", "profile phone"
	f.refuses(r, oauth.InvalidRequest, "code is required")
	r.Code = "c0"
	f.refuses(r, oauth.InvalidGrant, "doesn't exist")
	f.put(oauth.AuthorizationCode, "c0", bad)
	f.refuses(r, oauth.InvalidGrant, "expired")
	bad.Expires = f.now.Add(time.Minute)
	f.put(oauth.AuthorizationCode, "c0", bad)
	f.refuses(r, oauth.RedirectURIMismatch, "redirect URI")
	bad.RedirectURI = redirectURI
	f.put(oauth.AuthorizationCode, "c0", bad)
	f.refuses(r, oauth.InvalidGrant, "invalid for the client")
	bad.ClientID = appID
	f.put(oauth.AuthorizationCode, "c0", bad)
	f.refuses(r, oauth.InvalidGrant, "user")
	bad.UserID = alice
	f.put(oauth.AuthorizationCode, "c0", bad)
	f.refuses(r, oauth.InvalidScope, "scope")
	r.Scope = "email"
	if tokens := f.grants(r); tokens.Scope.String() != "email" {
		t.Errorf("scope is %q", tokens.Scope)
	}
}

func TestCodeRedirectURI(t *testing.T) {
	f := newFixture(t)
	r := codeRequest()
	for _, uri := range []string{"", redirectURI + "/", redirectURI + " ", strings.ToUpper(redirectURI)} {
		f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
		r.RedirectURI = uri
		f.refuses(r, oauth.RedirectURIMismatch, "")
	}
	without := f.grant(appID)
	without.RedirectURI = ""
	f.put(oauth.AuthorizationCode, "c0", without)
	f.grants(r) // what the request says does not matter then
}

// TestExpiry: the last second counts, the one after it does not.
func TestExpiry(t *testing.T) {
	f := newFixture(t)
	start := f.now
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken} {
		for offset, valid := range map[time.Duration]bool{
			0: true, 30 * time.Second: true, 30*time.Second + 299*time.Millisecond: true, 31 * time.Second: false, time.Hour: false,
		} {
			f.now = start
			f.put(kind, "x", f.grant(appID))
			f.now = start.Add(offset)
			r := oauth.Request{GrantType: string(kind), Code: "x", RefreshToken: "x", RedirectURI: redirectURI, Credentials: app()}
			if _, err := f.Token(context.Background(), r); (err == nil) != valid {
				t.Errorf("%s after %s: %v", kind, offset, err)
			}
		}
	}
}

func TestGrantType(t *testing.T) {
	f := newFixture(t)
	f.refuses(oauth.Request{}, oauth.InvalidRequest, "not specified")
	f.refuses(oauth.Request{Credentials: app(), RefreshToken: "r0"}, oauth.InvalidRequest, "not specified")
	for _, grant := range []string{"telepathy", "password", "client_credentials", "Refresh_Token", "refresh_token "} {
		f.refuses(oauth.Request{GrantType: grant}, oauth.UnsupportedGrantType, "")
	}
}

// TestClient: the client is judged before its code or token.
func TestClient(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	for name, test := range map[string]struct {
		credentials []oauth.Credential
		words       string
	}{
		"none":                         {nil, "not found in the headers or body"},
		"no secret":                    {credentials(appID, ""), "must authenticate"},
		"unknown id, no secret":        {credentials("nobody", ""), "must authenticate"},
		"empty id":                     {credentials("", "x"), "credentials are invalid"},
		"wrong secret":                 {credentials(appID, "wrong"), "credentials are invalid"},
		"secret of another":            {credentials(appID, otherSecret), "credentials are invalid"},
		"secret in another case":       {credentials(appID, strings.ToUpper(appSecret)), "credentials are invalid"},
		"half the secret":              {credentials(appID, appSecret[:16]), "credentials are invalid"},
		"unknown id":                   {credentials("nobody", appSecret), "credentials are invalid"},
		"public client with a secret":  {credentials(publicID, "x"), "credentials are invalid"},
		"both readings wrong":          {append(credentials(appID, "a%20b"), credentials(appID, "a b")...), "credentials are invalid"},
		"readings of different client": {append(credentials(appID, otherSecret), credentials(otherID, "x")...), "credentials are invalid"},
	} {
		for _, token := range []string{"r0", "nope", ""} {
			t.Run(name+" "+token, func(t *testing.T) {
				f.T = t
				r := oauth.Request{GrantType: "refresh_token", RefreshToken: token, Credentials: test.credentials}
				f.refuses(r, oauth.InvalidClient, test.words)
			})
		}
	}
}

// TestUnreadableSecret: a secret that cannot be read from the store matches
// nothing, the empty one included.
func TestUnreadableSecret(t *testing.T) {
	f := newFixture(t)
	f.store.PutClient(oauth.Client{ID: appID, Confidential: true})
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	for _, secret := range []string{"", appSecret, "false"} {
		r := refreshRequest()
		r.Credentials = credentials(appID, secret)
		f.refuses(r, oauth.InvalidClient, "")
	}
}

// TestTwoReadings: of the readings of one header any may be the right one, also
// if they have different ids.
func TestTwoReadings(t *testing.T) {
	f := newFixture(t)
	f.store.PutClient(oauth.Client{ID: "my app", Confidential: true, Secret: "a+b %41"})
	f.store.PutClient(oauth.Client{ID: "my%20app", Confidential: true, Secret: "a+b %41"})
	for _, readings := range [][]oauth.Credential{
		append(credentials("my app", "a+b %41"), credentials("my app", "a b A")...),
		append(credentials("my+app", "a%2Bb+%2541"), credentials("my app", "a+b %41")...),
	} {
		f.put(oauth.RefreshToken, "r0", f.grant("my app"))
		r := refreshRequest()
		r.Credentials = readings
		f.grants(r)
	}
	f.put(oauth.RefreshToken, "r0", f.grant("my%20app"))
	r := refreshRequest()
	r.Credentials = append(credentials("my%20app", "a+b %41"), credentials("my app", "a b A")...)
	f.grants(r)
}

// TestClientColumns: what some editions of the plugin keep of a client.
func TestClientColumns(t *testing.T) {
	f := newFixture(t)
	limited := oauth.Client{
		ID: appID, Confidential: true, Secret: appSecret,
		GrantTypes: []string{"refresh_token"}, Scope: oauth.Scope{"email", "files"},
	}
	f.store.PutClient(limited)
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	f.refuses(codeRequest(), oauth.UnauthorizedClient, "")
	bare := f.grant(appID)
	bare.Scope = nil
	f.put(oauth.RefreshToken, "r0", bare)
	r := refreshRequest()
	r.Scope = "files"
	f.grants(r)
	r.Scope = "profile"
	f.refuses(r, oauth.InvalidScope, "")

	// What a client may ask for widens no grant.
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	r.Scope = "files"
	f.refuses(r, oauth.InvalidScope, "")
	limited.Scope = oauth.Scope{"files"}
	f.store.PutClient(limited)
	f.put(oauth.RefreshToken, "r0", bare)
	f.grants(r)
	r.Scope = "email"
	f.refuses(r, oauth.InvalidScope, "")
}

func TestScope(t *testing.T) {
	f := newFixture(t)
	for name, test := range map[string]struct{ granted, requested, want string }{
		"as granted":           {"profile email", "", "profile email"},
		"narrowed":             {"openid profile email", "email", "email"},
		"in another order":     {"profile email", "email profile", "email profile"},
		"repeated":             {"profile email", "email  email", "email"},
		"none anywhere":        {"", "", "profile email"},
		"none granted":         {"", "email", "email"},
		"wider":                {"email", "email profile", ""},
		"in another case":      {"email", "Email", ""},
		"none granted, wider":  {"", "email files", ""},
		"part of a name":       {"email", "e", ""},
		"quotation mark in it": {"email", `"`, ""},
	} {
		grant := f.grant(appID)
		grant.Scope = oauth.ParseScope(test.granted)
		f.put(oauth.RefreshToken, "r0", grant)
		r := refreshRequest()
		r.Scope = test.requested
		if test.want == "" {
			f.refuses(r, oauth.InvalidScope, "")
		} else if got := f.grants(r).Scope.String(); got != test.want {
			t.Errorf("%s: scope is %q, want %q", name, got, test.want)
		}
	}
}

func TestSwitchedOff(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	for _, site := range []oauth.Site{{SwitchedOff: true}, {Deactivated: true}} {
		f.store.SetSite(site)
		for _, r := range []oauth.Request{refreshRequest(), {}, {GrantType: "telepathy"}} {
			_, err := f.Token(context.Background(), r)
			if !errors.Is(err, oauth.ErrSwitchedOff) || errors.Is(err, oauth.ErrDeactivated) != site.Deactivated {
				t.Errorf("%+v: %v", r, err)
			}
		}
	}
}

// TestAnswerNamesClient: also beside an error, for CORS and the log.
func TestAnswerNamesClient(t *testing.T) {
	f := newFixture(t)
	r := refreshRequest()
	r.Credentials = credentials(appID, "wrong")
	answer, err := f.Token(context.Background(), r)
	_, introspected, again := f.Introspect(context.Background(), r)
	for _, answer := range []oauth.Answer{answer, introspected} {
		if err == nil || again == nil || answer.Client == nil || answer.Client.ID != appID || answer.Authenticated {
			t.Errorf("answer %+v, errors %v and %v", answer, err, again)
		}
	}
}
