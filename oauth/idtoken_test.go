package oauth_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
)

const (
	bob    = int64(3)
	secret = appSecret
	issuer = "https://example.com/wp-json/moserver"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// site is a server on a store in memory, with the client and alice.
type site struct {
	*oauth.Server
	*memory.Store
	t testing.TB
}

func newSite(t testing.TB) *site {
	store := memory.New()
	s := &site{&oauth.Server{Store: store, Now: func() time.Time { return now }, Random: rand.Reader}, store, t}
	store.SetSite(oauth.Site{AccessTokenLifetime: time.Hour, TokenLength: 32})
	store.SetOpenID(issuer, false)
	store.PutClient(oauth.Client{ID: appID, Confidential: true, Secret: secret})
	store.PutProfile(alice, oauth.Profile{
		Username: "alice", Email: "alice@example.com", FirstName: "Alice", LastName: "Liddell", Nickname: "al",
		DisplayName: "Alice <3 日本", Avatar: "secure.gravatar.com/avatar/00?s=32&d=mm",
	})
	store.PutProfile(bob, oauth.Profile{Username: "bob", Email: "bob@example.com"})
	store.PutKey(appID, oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: testdata(t, "pkcs8.pem")})
	return s
}

// putCode adds a code of alice that was made ten seconds ago.
func (s *site) putCode(scope string, stored oauth.StoredIDToken) {
	s.PutGrant(oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c1"}, oauth.Grant{
		ClientID: appID, UserID: alice, Expires: now.Add(20 * time.Second), Scope: oauth.ParseScope(scope),
	})
	s.PutIDToken("c1", stored)
}

func (s *site) redeem() oauth.Answer {
	s.t.Helper()
	return s.request(oauth.Request{GrantType: "authorization_code", Code: "c1"})
}

func (s *site) refresh(scope string) oauth.Answer {
	s.t.Helper()
	s.PutGrant(oauth.Presented{Kind: oauth.RefreshToken, Value: "r1"}, oauth.Grant{ClientID: appID, UserID: alice, Scope: oauth.ParseScope(scope)})
	return s.request(oauth.Request{GrantType: "refresh_token", RefreshToken: "r1"})
}

func (s *site) request(r oauth.Request) oauth.Answer {
	s.t.Helper()
	r.Credentials = []oauth.Credential{{ClientID: appID, ClientSecret: secret}}
	answer, err := s.Token(context.Background(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// claims are those that PHP gives a token of alice that it made with the code
// of putCode.
func phpClaims() map[string]any {
	return map[string]any{
		"iss": issuer + "/" + appID, "sub": "2", "aud": appID, "ID": 2, "id": 2,
		"iat": now.Add(-10 * time.Second).Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Add(-10 * time.Second).Unix(),
		"email": "alice@example.com", "nonce": "n-0S6_WzA2Mj",
	}
}

// phpToken is a token with its members in PHP's order, signed with a key of
// testdata, or with HS256 and the key itself.
func phpToken(t testing.TB, alg, key string, claims map[string]any) string {
	t.Helper()
	var members []string
	for _, name := range []string{"iss", "sub", "aud", "ID", "id", "iat", "exp", "auth_time", "email", "nonce", "zoneinfo"} {
		if value, ok := claims[name]; ok {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, `"`+name+`":`+strings.ReplaceAll(string(text), "/", `\/`))
		}
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(`{"typ":"JWT","alg":"`+alg+`","kid":"`+appID+`"}`)) + "." + encode([]byte("{"+strings.Join(members, ",")+"}"))
	return input + "." + encode(rawSignature(t, alg, key, input))
}

func rawSignature(t testing.TB, alg, key, input string) []byte {
	t.Helper()
	digest, hash := sha256.Sum256([]byte(input)), crypto.SHA256
	hashed := digest[:]
	if alg == "RS384" {
		longer := sha512.Sum384([]byte(input))
		hashed, hash = longer[:], crypto.SHA384
	}
	switch alg {
	case "RS256", "RS384":
		block, _ := pem.Decode([]byte(testdata(t, key)))
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := rsa.SignPKCS1v15(nil, parsed.(*rsa.PrivateKey), hash, hashed)
		if err != nil {
			t.Fatal(err)
		}
		return signature
	case "HS256":
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
	return nil // alg none
}

// payload is the decoded second part of a token, as text and as members.
func payload(t testing.TB, token string) (text string, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not an ID token: %q", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return string(raw), claims
}

func TestFreshIDTokenHasThePluginsMembers(t *testing.T) {
	s := newSite(t)
	s.putCode("openid profile email", oauth.StoredIDToken{})
	text, _ := payload(t, s.redeem().Tokens.IDToken)
	want := `{"iss":"https://example.com/wp-json/moserver/VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU","sub":"2","aud":"VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU",` +
		`"ID":2,"id":2,"iat":1772366400,"exp":1772370000,"auth_time":1772366390,"email":"alice@example.com","username":"alice",` +
		`"first_name":"Alice","last_name":"Liddell","nickname":"al","display_name":"Alice \u003c3 日本",` +
		`"avatar":"secure.gravatar.com%2Favatar%2F00%3Fs%3D32%26d%3Dmm"}`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	header, _, _ := strings.Cut(s.refresh("openid").Tokens.IDToken, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(header)
	if want := `{"typ":"JWT","alg":"RS256","kid":"` + appID + `"}`; string(raw) != want {
		t.Errorf("header is %s, want %s", raw, want)
	}
}

func TestRefreshedIDTokenHasNeitherNonceNorAuthTime(t *testing.T) {
	s := newSite(t)
	text, _ := payload(t, s.refresh("openid email").Tokens.IDToken)
	want := `{"iss":"https://example.com/wp-json/moserver/VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU","sub":"2","aud":"VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU",` +
		`"ID":2,"id":2,"iat":1772366400,"exp":1772370000,"email":"alice@example.com"}`
	if text != want {
		t.Errorf("payload\n got %s\nwant %s", text, want)
	}
}

func TestIDTokenOnlyWithOpenID(t *testing.T) {
	s := newSite(t)
	for scope, want := range map[string]bool{"profile email": false, "OPENID": false, "openid": true, "": false} {
		if got := s.refresh(scope).Tokens.IDToken != ""; got != want {
			t.Errorf("scope %q: an ID token is %v, want %v", scope, got, want)
		}
	}
	s.SetOpenID(issuer, true)
	if answer := s.refresh("openid"); answer.Tokens.IDToken != "" || answer.Defect != nil {
		t.Errorf("switched off in wp-admin: %+v", answer)
	}
}

// TestNarrowedRefreshKeepsTheIDToken: the scope of the grant decides that there
// is one, the scope asked for what it tells.
func TestNarrowedRefreshKeepsTheIDToken(t *testing.T) {
	s := newSite(t)
	s.refresh("openid profile email")
	answer := s.request(oauth.Request{GrantType: "refresh_token", RefreshToken: "r1", Scope: "profile"})
	_, claims := payload(t, answer.Tokens.IDToken)
	if claims["username"] != "alice" || claims["email"] != nil {
		t.Errorf("claims %v, want those of the scope profile", claims)
	}
}

func TestChangedKeyCountsOnTheNextRequest(t *testing.T) {
	s := newSite(t)
	for _, key := range []oauth.SigningKey{
		{Algorithm: oauth.HS256},
		{Algorithm: oauth.RS256, PrivateKey: testdata(t, "other.pem")},
		{Algorithm: oauth.RS256, PrivateKey: testdata(t, "pkcs1.pem")},
		{Algorithm: oauth.RS256, PrivateKey: strings.ReplaceAll(testdata(t, "pkcs8.pem"), "\n", " ")},
	} {
		s.PutKey(appID, key)
		token := s.refresh("openid").Tokens.IDToken
		input := token[:strings.LastIndex(token, ".")]
		if again := s.refresh("openid").Tokens.IDToken; again != token {
			t.Errorf("%s: the same second gives another token", key.Algorithm)
		}
		file := map[bool]string{true: "other.pem", false: "pkcs8.pem"}[key.PrivateKey == testdata(t, "other.pem")]
		if key.Algorithm == oauth.HS256 {
			file = secret
		}
		want := input + "." + base64.RawURLEncoding.EncodeToString(rawSignature(t, key.Algorithm, file, input))
		if token != want {
			t.Errorf("%s: the signature is not that of the key", key.Algorithm)
		}
	}
}

func TestUnusableKeyKeepsTheLogin(t *testing.T) {
	for name, test := range map[string]struct {
		key    oauth.SigningKey
		defect oauth.Defect
	}{
		"no key":          {oauth.SigningKey{Algorithm: oauth.RS256}, oauth.ErrKeyUnreadable},
		"not PEM":         {oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: "-----BEGIN PRIVATE KEY-----"}, oauth.ErrKeyUnreadable},
		"not RSA":         {oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: testdata(t, "ec.pem")}, oauth.ErrKeyUnreadable},
		"too short":       {oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: testdata(t, "short.pem")}, oauth.ErrKeyShort},
		"a public key":    {oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: testdata(t, "public.pem")}, oauth.ErrKeyUnreadable},
		"no algorithm":    {oauth.SigningKey{PrivateKey: testdata(t, "pkcs8.pem")}, oauth.ErrKeyAlgorithm},
		"other algorithm": {oauth.SigningKey{Algorithm: "RS512", PrivateKey: testdata(t, "pkcs8.pem")}, oauth.ErrKeyAlgorithm},
		"none":            {oauth.SigningKey{Algorithm: "none"}, oauth.ErrKeyAlgorithm},
		"no issuer":       {oauth.SigningKey{Algorithm: oauth.HS256}, oauth.ErrNoIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.PutKey(appID, test.key)
			if test.defect == oauth.ErrNoIssuer {
				s.SetOpenID("", false)
			}
			answer := s.refresh("openid")
			if answer.Tokens.AccessToken == "" || answer.Tokens.IDToken != "" || answer.Defect != test.defect {
				t.Errorf("answer %+v, want an access token, no ID token and %v", answer, test.defect)
			}
		})
	}
}

// TestOpenIDAskedFor: a grant without a scope may be asked for openid. Then the store is
// asked once more, for all that an ID token is made of.
func TestOpenIDAskedFor(t *testing.T) {
	s := newSite(t)
	stored := phpToken(t, "RS256", "pkcs8.pem", phpClaims())
	s.putCode("", oauth.StoredIDToken{OfCode: stored})
	if got := s.request(oauth.Request{GrantType: "authorization_code", Code: "c1", Scope: "openid email"}).Tokens.IDToken; got != stored {
		t.Errorf("the ID token is %s, want that of the code", got)
	}
	s.refresh("")
	_, claims := payload(t, s.request(oauth.Request{GrantType: "refresh_token", RefreshToken: "r1", Scope: "openid email"}).Tokens.IDToken)
	if claims["sub"] != "2" || claims["email"] != "alice@example.com" || claims["nonce"] != nil {
		t.Errorf("claims of a refresh: %v", claims)
	}
}

// TestPublicClientNeedsAnRSAKey: with HS256 the key of a client without a secret
// would be empty, and anybody could sign.
func TestPublicClientNeedsAnRSAKey(t *testing.T) {
	s := newSite(t)
	s.PutClient(oauth.Client{ID: appID})
	for key, want := range map[oauth.SigningKey]bool{
		{Algorithm: oauth.HS256}: false,
		{Algorithm: oauth.RS256, PrivateKey: testdata(t, "pkcs8.pem")}: true,
	} {
		s.PutKey(appID, key)
		s.putCode("openid", oauth.StoredIDToken{})
		answer, err := s.Token(context.Background(), oauth.Request{
			GrantType: "authorization_code", Code: "c1", Credentials: []oauth.Credential{{ClientID: appID}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Tokens.IDToken != ""; got != want || want != (answer.Defect == nil) {
			t.Errorf("%s: an ID token is %v, defect %v", key.Algorithm, got, answer.Defect)
		}
	}
}

// TestOfflineAccessPolicy: the plugin withholds the refresh token only where
// OpenID Connect applies.
func TestOfflineAccessPolicy(t *testing.T) {
	for _, test := range []struct {
		scope string
		off   bool
		want  bool
	}{
		{"openid email", false, false},
		{"openid offline_access", false, true},
		{"openid email", true, true},
		{"email", false, true},
	} {
		s := newSite(t)
		s.Policy.OfflineAccess = true
		s.SetOpenID(issuer, test.off)
		s.putCode(test.scope, oauth.StoredIDToken{})
		if got := s.redeem().Tokens.RefreshToken != ""; got != test.want {
			t.Errorf("scope %q, OpenID Connect off %v: a refresh token is %v, want %v", test.scope, test.off, got, test.want)
		}
	}
}
