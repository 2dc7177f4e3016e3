package oauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

const (
	phpCode  = "0123456789abcdef0123456789abcdef01234567" // 40 digits, as PHP makes them
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	resource = "https://example.com/wp-json/moserver/mcp"
)

func newSeals(t testing.TB, secret string) *oauth.Seals {
	t.Helper()
	seals, err := oauth.NewSeals([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return seals
}

// newSealing is a fixture whose server seals codes, with a code of the client.
func newSealing(t *testing.T) *fixture {
	f := newFixture(t)
	f.Seals = newSeals(t, strings.Repeat("s", 32))
	f.put(oauth.AuthorizationCode, phpCode, f.grant(appID))
	return f
}

func s256(verifier string) string {
	digest := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

// pkce is an authorization request of the client with a challenge.
func pkce() oauth.Authorization {
	return oauth.Authorization{ClientID: appID, Challenge: s256(verifier), Method: "S256"}
}

// authorized is what the client gets for phpCode.
func (f *fixture) authorized(a oauth.Authorization) string {
	f.Helper()
	if err := a.Check(); err != nil {
		f.Fatal(err)
	}
	redirection, err := f.Authorized(context.Background(), a, phpCode)
	if err != nil {
		f.Fatal(err)
	}
	return redirection.Code
}

// refusesFor sends a request that must be refused with a code and a reason.
func (f *fixture) refusesFor(name string, r oauth.Request, code oauth.Code, reason oauth.Reason) {
	f.Helper()
	_, err := f.Token(context.Background(), r)
	var refused oauth.Error
	if !errors.As(err, &refused) || refused.Code != code || refused.Reason != reason {
		f.Errorf("%s: got %v (%s), want %s (%s)", name, err, refused.Reason, code, reason)
	}
}

// TestSealLength: the length is part of the promise, for codes travel in addresses.
func TestSealLength(t *testing.T) {
	f := newSealing(t)
	for want, a := range map[int]oauth.Authorization{
		100: {ClientID: appID},
		143: pkce(),
		847: {ClientID: strings.Repeat("x", 1000), Challenge: strings.Repeat("p", 128), Method: "plain", Nonce: strings.Repeat("n", 512), Resource: resource},
	} {
		got := f.authorized(a)
		raw, err := base64.RawURLEncoding.DecodeString(got)
		if len(got) != want || err != nil {
			t.Errorf("%d characters (%v), want %d: %s", len(got), err, want, got)
		}
		code, _ := hex.DecodeString(phpCode)
		digest, _ := base64.RawURLEncoding.DecodeString(s256(verifier))
		for _, secret := range [][]byte{code, digest, []byte("nnnnnnnn"), []byte("pppppppp")} {
			if bytes.Contains(raw, secret) {
				t.Errorf("%x can be read in the seal", secret)
			}
		}
	}
}

// TestProofKey is RFC 7636, 4.6 and RFC 9700, 2.1.1, for clients with a secret and
// for public ones. What is refused leaves the code good.
func TestProofKey(t *testing.T) {
	plain := oauth.Authorization{ClientID: appID, Challenge: verifier, Method: "plain"}
	unnamed := oauth.Authorization{ClientID: appID, Challenge: verifier}
	for _, test := range []struct {
		name          string
		authorization oauth.Authorization
		verifier      string
		reason        oauth.Reason // empty: tokens
	}{
		{"right", pkce(), verifier, ""},
		{"wrong", pkce(), verifier[1:] + "x", oauth.ReasonVerifierWrong},
		{"the challenge itself", pkce(), s256(verifier), oauth.ReasonVerifierWrong},
		{"missing", pkce(), "", oauth.ReasonVerifierMissing},
		{"without a challenge", oauth.Authorization{ClientID: appID}, verifier, oauth.ReasonVerifierUnexpected},
		{"neither", oauth.Authorization{ClientID: appID}, "", ""},
		{"plain", plain, verifier, ""},
		{"plain without its name", unnamed, verifier, ""},
		{"plain, wrong", plain, verifier[1:] + "x", oauth.ReasonVerifierWrong},
		{"plain, missing", plain, "", oauth.ReasonVerifierMissing},
		{"plain, hashed", plain, s256(verifier), oauth.ReasonVerifierWrong},
	} {
		for _, id := range []string{appID, publicID} {
			f := newSealing(t)
			f.put(oauth.AuthorizationCode, phpCode, f.grant(id))
			test.authorization.ClientID = id
			r := codeRequest()
			r.Code, r.CodeVerifier = f.authorized(test.authorization), test.verifier
			if id == publicID {
				r.Credentials = credentials(publicID, "")
			}
			if test.reason != "" {
				f.refusesFor(test.name, r, oauth.InvalidGrant, test.reason)
				if r.CodeVerifier = verifier; test.authorization.Challenge == "" {
					r.CodeVerifier = ""
				}
			}
			f.grants(r)
			f.refusesFor(test.name+", again", r, oauth.InvalidGrant, oauth.ReasonCodeReplayed)
		}
	}
}

// TestRawCode: a code that did not come by the door has nothing that says how it
// was authorized.
func TestRawCode(t *testing.T) {
	for _, test := range []struct {
		id, secret, verifier string
		sealing              bool
		reason               oauth.Reason // empty: tokens
	}{
		{appID, appSecret, "", true, ""},
		{appID, appSecret, verifier, true, oauth.ReasonCodeRaw},
		{publicID, "", "", true, oauth.ReasonCodeRaw},
		{publicID, "", verifier, true, oauth.ReasonCodeRaw},
		{appID, appSecret, verifier, false, ""}, // as PHP does
		{publicID, "", verifier, false, ""},
	} {
		f := newSealing(t)
		if !test.sealing {
			f.Seals = nil
		}
		f.put(oauth.AuthorizationCode, phpCode, f.grant(test.id))
		r := codeRequest()
		r.Code, r.CodeVerifier, r.Credentials = phpCode, test.verifier, credentials(test.id, test.secret)
		if test.reason == "" {
			f.grants(r)
			continue
		}
		f.refusesFor(test.id, r, oauth.InvalidGrant, test.reason)
		if f.store.Tokens(oauth.AuthorizationCode) == nil {
			t.Errorf("%s: the code was taken", test.id)
		}
	}
}

// TestForeignSeals: what is no seal of this client and this key, now, is as good as
// no code, and the client is told the same.
func TestForeignSeals(t *testing.T) {
	f := newSealing(t)
	sealed := f.authorized(oauth.Authorization{ClientID: appID})
	r := codeRequest()
	for at := range sealed {
		flipped := []byte(sealed)
		flipped[at] ^= 1
		r.Code = string(flipped)
		_, err := f.Token(context.Background(), r)
		var refused oauth.Error
		if !errors.As(err, &refused) || refused.Code != oauth.InvalidGrant {
			t.Fatalf("changed at %d: %v", at, err)
		}
	}
	for _, code := range []string{
		sealed[:96], sealed + "AAAA", sealed + "==", sealed[:50] + "\n" + sealed[50:], sealed + sealed, strings.Repeat("A", 100),
	} {
		r.Code = code
		f.refuses(r, oauth.InvalidGrant, "Authorization code doesn't exist or is invalid for the client")
	}
	r.Code = f.authorized(oauth.Authorization{ClientID: otherID})
	f.refusesFor("another client's", r, oauth.InvalidGrant, oauth.ReasonCodeForeign)

	r.Code = sealed
	f.Seals = newSeals(t, strings.Repeat("t", 32))
	f.refusesFor("another key", r, oauth.InvalidGrant, oauth.ReasonSealBroken)
	f.Seals = newSeals(t, strings.Repeat("s", 32)) // a second server
	start := f.now
	for age, reason := range map[time.Duration]oauth.Reason{
		11*time.Minute + time.Second: oauth.ReasonSealOld, 11 * time.Minute: oauth.ReasonCodeExpired, -time.Minute: "",
	} {
		f.now = start
		f.put(oauth.AuthorizationCode, phpCode, f.grant(appID))
		if f.now = start.Add(age); reason == "" {
			f.grants(r)
			continue
		}
		f.refusesFor(age.String(), r, oauth.InvalidGrant, reason)
	}
}

// TestBrokenSealAsksTheStore: the answer to a broken seal must not come sooner than
// that to an unknown code.
func TestBrokenSealAsksTheStore(t *testing.T) {
	f := newSealing(t)
	counted := &countingStore{Store: f.store}
	f.Store = counted
	sealed := f.authorized(pkce())
	for _, code := range []string{strings.Repeat("0", 40), sealed[1:] + "x", sealed} {
		counted.finds = nil
		r := codeRequest()
		r.Code, r.CodeVerifier = code, "wrong"
		f.refuses(r, oauth.InvalidGrant, "")
		if len(counted.finds) != 1 || counted.finds[0].Value == "" {
			t.Errorf("the store was asked for %d codes", len(counted.finds))
		}
	}
}

// countingStore notes what is looked for.
type countingStore struct {
	oauth.Store
	finds []oauth.Presented
}

// Find implements oauth.Store.
func (s *countingStore) Find(ctx context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	s.finds = append(s.finds, p)
	return s.Store.Find(ctx, clientID, p)
}

func TestResource(t *testing.T) {
	for _, test := range []struct {
		authorized, asked string
		code              oauth.Code // empty: tokens
	}{
		{resource, resource, ""},
		{resource, "", ""},
		{"", resource, ""},
		{resource, resource + "/", oauth.InvalidTarget},
		{resource, resource + " " + resource, oauth.InvalidTarget},
	} {
		f := newSealing(t)
		r := codeRequest()
		r.Code, r.Resource = f.authorized(oauth.Authorization{ClientID: appID, Resource: test.authorized}), test.asked
		if test.code == "" {
			f.grants(r)
			continue
		}
		f.refusesFor(test.asked, r, test.code, oauth.ReasonResource)
		r.Resource = test.authorized
		f.grants(r)
	}
}

// TestCheck: what cannot be sealed is refused before the plugin sees it.
func TestCheck(t *testing.T) {
	challenge := s256(verifier)
	for name, test := range map[string]struct {
		authorization oauth.Authorization
		reason        oauth.Reason // empty: it is good
	}{
		"nothing":              {oauth.Authorization{}, ""},
		"S256":                 {oauth.Authorization{Challenge: challenge, Method: "S256"}, ""},
		"plain":                {oauth.Authorization{Challenge: strings.Repeat("~", 128), Method: "plain"}, ""},
		"no method":            {oauth.Authorization{Challenge: verifier}, ""},
		"method alone":         {oauth.Authorization{Method: "S256"}, oauth.ReasonChallenge},
		"another method":       {oauth.Authorization{Challenge: challenge, Method: "S512"}, oauth.ReasonChallenge},
		"method in small":      {oauth.Authorization{Challenge: challenge, Method: "s256"}, oauth.ReasonChallenge},
		"S256 padded":          {oauth.Authorization{Challenge: challenge + "=", Method: "S256"}, oauth.ReasonChallenge},
		"S256 too short":       {oauth.Authorization{Challenge: challenge[:42], Method: "S256"}, oauth.ReasonChallenge},
		"S256 with a bit more": {oauth.Authorization{Challenge: challenge[:42] + "N", Method: "S256"}, oauth.ReasonChallenge},
		"S256 of base64":       {oauth.Authorization{Challenge: "+" + challenge[1:], Method: "S256"}, oauth.ReasonChallenge},
		"S256 on two lines":    {oauth.Authorization{Challenge: challenge[:20] + "\n" + challenge[20:], Method: "S256"}, oauth.ReasonChallenge},
		"plain too short":      {oauth.Authorization{Challenge: strings.Repeat("a", 42)}, oauth.ReasonChallenge},
		"plain too long":       {oauth.Authorization{Challenge: strings.Repeat("a", 129)}, oauth.ReasonChallenge},
		"plain with a blank":   {oauth.Authorization{Challenge: strings.Repeat("a ", 30)}, oauth.ReasonChallenge},
		"nonce":                {oauth.Authorization{Nonce: strings.Repeat("n", 512)}, ""},
		"nonce too long":       {oauth.Authorization{Nonce: strings.Repeat("n", 513)}, oauth.ReasonNonce},
		"nonce not UTF-8":      {oauth.Authorization{Nonce: "\xff"}, oauth.ReasonNonce},
		"resource":             {oauth.Authorization{Resource: resource}, ""},
		"resource's fragment":  {oauth.Authorization{Resource: resource + "#x"}, oauth.ReasonTarget},
		"resource is relative": {oauth.Authorization{Resource: "/mcp"}, oauth.ReasonTarget},
		"resource is no URI":   {oauth.Authorization{Resource: "https://[::1"}, oauth.ReasonTarget},
	} {
		var refused oauth.Error
		if errors.As(test.authorization.Check(), &refused); refused.Reason != test.reason {
			t.Errorf("%s: %v (%s), want %q", name, refused, refused.Reason, test.reason)
		}
	}
}

// TestIssuer: iss is for clients that know an issuer, and for no other (RFC 9207).
func TestIssuer(t *testing.T) {
	const mcp = "mcp_abcdefghijklmnopqrstuvwxyzABCDEF"
	for _, test := range []struct {
		id, scope, base, want string
		off                   bool
	}{
		{appID, "profile openid", issuer, issuer + "/" + appID, false},
		{appID, "profile", issuer, "", false},
		{appID, "openidx OPENID", issuer, "", false},
		{appID, "openid", issuer, "", true},
		{appID, "openid", "", "", false},
		{mcp, "profile", issuer, "https://example.com", false},
		{mcp, "openid", issuer, "https://example.com", false},
		{mcp, "", "https://example.com/blog/?rest_route=/moserver", "https://example.com/blog", true},
		{mcp + "x", "openid", issuer, "", false}, // not registered
	} {
		f := newSealing(t)
		f.store.PutClient(oauth.Client{ID: mcp, Confidential: true, Secret: "x"})
		f.store.SetOpenID(test.base, test.off)
		a := oauth.Authorization{ClientID: test.id, Scope: test.scope}
		if r, err := f.Authorized(context.Background(), a, phpCode); err != nil || r.Issuer != test.want || r.Code == phpCode {
			t.Errorf("%s with %q: %+v, %v, want %q", test.id, test.scope, r, err, test.want)
		}
		if issuer, err := f.Refused(context.Background(), a); err != nil || issuer != test.want {
			t.Errorf("%s with %q, an error: %q, %v, want %q", test.id, test.scope, issuer, err, test.want)
		}
		f.Seals = nil
		if issuer, err := f.Refused(context.Background(), a); err != nil || issuer != "" {
			t.Errorf("without a key, an error: %q, %v", issuer, err)
		}
		if r, err := f.Authorized(context.Background(), a, phpCode); err != nil || r != (oauth.Redirection{Code: phpCode}) {
			t.Errorf("without a key: %+v, %v", r, err)
		}
	}
}

func TestSecretOfSeals(t *testing.T) {
	if _, err := oauth.NewSeals(make([]byte, 31)); err == nil {
		t.Error("31 bytes are a key")
	}
	one, same, other := newSeals(t, strings.Repeat("s", 32)), newSeals(t, strings.Repeat("s", 32)), newSeals(t, strings.Repeat("s", 33))
	if one.Fingerprint() != same.Fingerprint() || one.Fingerprint() == other.Fingerprint() || len(one.Fingerprint()) != 12 {
		t.Errorf("fingerprints %s, %s, %s", one.Fingerprint(), same.Fingerprint(), other.Fingerprint())
	}
}

// TestSealedNonce: two people, or two tabs of one, log in at the same time. The
// option has the ID token of the second, the row of the first is cut before its
// nonce; each client gets its own nonce all the same.
func TestSealedNonce(t *testing.T) {
	made := func(changes map[string]any) string {
		return phpToken(t, "RS256", "pkcs8.pem", with(phpClaims(), changes))
	}
	own := made(nil)
	tab := made(map[string]any{"nonce": "of another tab"}) // in the same second
	const nonce = "n-0S6_WzA2Mj"
	for name, test := range map[string]struct {
		stored oauth.StoredIDToken
		nonce  string // sealed
		want   string // the token itself; empty: a fresh one
	}{
		"whole in the row":          {oauth.StoredIDToken{OfCode: own}, nonce, own},
		"whole in the option":       {oauth.StoredIDToken{OfCode: cut(own), Current: own}, nonce, own},
		"the option is of a tab":    {oauth.StoredIDToken{OfCode: cut(own), Current: tab}, nonce, ""},
		"the row has another nonce": {oauth.StoredIDToken{OfCode: tab, Current: tab}, nonce, ""},
		"no nonce was sent":         {oauth.StoredIDToken{OfCode: own, Current: own}, "", ""},
		"neither has one":           {oauth.StoredIDToken{OfCode: made(map[string]any{"nonce": nil})}, "", made(map[string]any{"nonce": nil})},
		"nothing is stored":         {oauth.StoredIDToken{}, nonce, ""},
	} {
		s := newSite(t)
		s.Seals = newSeals(t, strings.Repeat("s", 32))
		s.putCode("openid email", test.stored)
		sealed, err := s.Authorized(context.Background(), oauth.Authorization{ClientID: appID, Nonce: test.nonce}, "c1")
		if err != nil {
			t.Fatal(err)
		}
		token := s.request(oauth.Request{GrantType: "authorization_code", Code: sealed.Code}).Tokens.IDToken
		_, claims := payload(t, token)
		if got, _ := claims["nonce"].(string); got != test.nonce || test.want != "" && token != test.want {
			t.Errorf("%s: nonce %q, want %q; reused: %v", name, got, test.nonce, token == test.want)
		}
	}
}

// FuzzOpen: whatever is sent for a code, the server says what it is, and gives
// tokens for no other than the sealed one.
func FuzzOpen(f *testing.F) {
	seals := newSeals(f, strings.Repeat("s", 32))
	site := newSite(f)
	site.Seals, site.Random = seals, strings.NewReader(strings.Repeat("r", 24)) // the same seal in each process
	sealed, err := site.Authorized(context.Background(), oauth.Authorization{ClientID: appID}, "c1")
	if err != nil {
		f.Fatal(err)
	}
	site.Random = rand.Reader
	for _, code := range []string{"", "c1", sealed.Code, sealed.Code + "A", strings.Repeat("A", 100), "=", "\x00", strings.Repeat("_", 4000)} {
		f.Add(code, "")
	}
	f.Fuzz(func(t *testing.T, code, verifier string) {
		site.putCode("email", oauth.StoredIDToken{})
		r := oauth.Request{GrantType: "authorization_code", Code: code, CodeVerifier: verifier, Credentials: credentials(appID, secret)}
		answer, err := site.Token(context.Background(), r)
		var refused oauth.Error
		switch {
		case err == nil && (verifier != "" || code != "c1" && code != sealed.Code):
			t.Errorf("%q with %q gave tokens", code, verifier)
		case err != nil && !errors.As(err, &refused), err != nil && answer.Tokens != nil:
			t.Errorf("%q with %q: %v", code, verifier, err)
		}
	})
}
