package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

// with is a copy of claims with some of them changed; nil removes one.
func with(claims map[string]any, changes map[string]any) map[string]any {
	changed := maps.Clone(claims)
	for name, value := range changes {
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
	}
	return changed
}

// cut is a token as a VARCHAR(255) keeps it.
func cut(token string) string { return token[:255] }

// TestStoredIDToken: what PHP has stored reaches the client only if it is
// surely of this code; the nonce survives wherever it is surely known.
func TestStoredIDToken(t *testing.T) {
	own := phpToken(t, "RS256", "pkcs8.pem", phpClaims())
	made := func(changes map[string]any) string {
		return phpToken(t, "RS256", "pkcs8.pem", with(phpClaims(), changes))
	}
	ofBob := made(map[string]any{"sub": "3", "ID": 3, "id": 3, "email": "bob@example.com", "nonce": "bob's"})
	later := made(map[string]any{"iat": now.Unix() - 9, "auth_time": now.Unix() - 9, "nonce": "of another tab"})
	expired := made(map[string]any{"exp": now.Unix() - 1})
	elsewhere := made(map[string]any{"iss": "https://elsewhere.example.com/wp-json/moserver/" + appID})
	undated := made(map[string]any{"iat": nil})
	foreignKey := phpToken(t, "RS256", "other.pem", phpClaims())
	confused := phpToken(t, "HS256", testdata(t, "public.pem"), phpClaims())
	const nonce = "n-0S6_WzA2Mj"
	for name, test := range map[string]struct {
		stored oauth.StoredIDToken
		want   string // the token itself; empty: a fresh one
		nonce  string // of the fresh one
	}{
		"whole in the row":                      {stored: oauth.StoredIDToken{OfCode: own, Current: ofBob}, want: own},
		"cut in the row, whole in the option":   {stored: oauth.StoredIDToken{OfCode: cut(own), Current: own}, want: own},
		"cut, and the option is bob's":          {stored: oauth.StoredIDToken{OfCode: cut(own), Current: ofBob}},
		"cut, and the option is of another tab": {stored: oauth.StoredIDToken{OfCode: cut(own), Current: later}},
		"cut, and the option is empty":          {stored: oauth.StoredIDToken{OfCode: cut(own)}},
		"cut, and the option is cut too":        {stored: oauth.StoredIDToken{OfCode: cut(own), Current: own[:len(own)-1]}},
		"cut, and the option has more":          {stored: oauth.StoredIDToken{OfCode: cut(own), Current: own + "x"}},
		"cut too short to tell":                 {stored: oauth.StoredIDToken{OfCode: own[:254], Current: own}},
		"nothing in the row":                    {stored: oauth.StoredIDToken{Current: own}},
		"bob's in alice's row":                  {stored: oauth.StoredIDToken{OfCode: ofBob, Current: ofBob}},
		"bob's cut in alice's row":              {stored: oauth.StoredIDToken{OfCode: cut(ofBob), Current: ofBob}},
		"signed with another key":               {stored: oauth.StoredIDToken{OfCode: foreignKey}, nonce: nonce},
		"another key, cut":                      {stored: oauth.StoredIDToken{OfCode: cut(foreignKey), Current: foreignKey}},
		"HS256 with the public key":             {stored: oauth.StoredIDToken{OfCode: confused}, nonce: nonce},
		"HS256 before a switch to RS256":        {stored: oauth.StoredIDToken{OfCode: phpToken(t, "HS256", secret, phpClaims())}, nonce: nonce},
		"RS384 with the client's key":           {stored: oauth.StoredIDToken{OfCode: phpToken(t, "RS384", "pkcs8.pem", phpClaims())}, nonce: nonce},
		"alg none":                              {stored: oauth.StoredIDToken{OfCode: phpToken(t, "none", "", phpClaims())}, nonce: nonce},
		"expired":                               {stored: oauth.StoredIDToken{OfCode: expired}, nonce: nonce},
		"another client":                        {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"aud": "other"})}},
		"other clients too":                     {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"aud": []string{appID, "other"}})}},
		"the user as a number":                  {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"sub": 2})}},
		"no user":                               {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"sub": nil})}},
		"another site's issuer":                 {stored: oauth.StoredIDToken{OfCode: elsewhere}, nonce: nonce},
		"another site's issuer, cut":            {stored: oauth.StoredIDToken{OfCode: cut(elsewhere), Current: elsewhere}},
		"no issuer":                             {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"iss": nil})}, nonce: nonce},
		"no iat":                                {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"iat": nil})}, nonce: nonce},
		"no iat, cut":                           {stored: oauth.StoredIDToken{OfCode: cut(undated), Current: undated}},
		"never expires":                         {stored: oauth.StoredIDToken{OfCode: made(map[string]any{"exp": nil})}, nonce: nonce},
		"garbage":                               {stored: oauth.StoredIDToken{OfCode: "a.b.c", Current: own}},
		"not even that":                         {stored: oauth.StoredIDToken{OfCode: strings.Repeat("\x00.", 200), Current: own}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.putCode("openid email", test.stored)
			got := s.redeem().Tokens.IDToken
			if test.want != "" && got != test.want {
				t.Errorf("got %s, want the stored token", got)
			}
			if test.want == "" && (got == test.stored.OfCode || got == test.stored.Current) {
				t.Fatal("the stored token was handed out")
			}
			if _, claims := payload(t, got); claims["sub"] != "2" || claims["email"] != "alice@example.com" ||
				test.want == "" && claims["nonce"] != anyOrNil(test.nonce) {
				t.Errorf("claims %v, want alice's with the nonce %q", claims, test.nonce)
			}
		})
	}
}

func anyOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// TestNonceOfACutRow cuts tokens at every place: the nonce is there from the place on
// where it ends, and only if it is a text of this client and user.
func TestNonceOfACutRow(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		survive bool
	}{
		"alice's":     {map[string]any{}, true},
		"bob's":       {map[string]any{"sub": "3"}, false},
		"other's":     {map[string]any{"aud": "other"}, false},
		"not a text":  {map[string]any{"nonce": []string{"n"}}, false},
		"with quotes": {map[string]any{"nonce": `n"\u0022é日,":{`}, true},
		"longer":      {map[string]any{"nonce": "n-0S6_WzA2Mjx"}, true}, // ends at another bit
		"longer yet":  {map[string]any{"nonce": "n-0S6_WzA2Mjxx"}, true},
		"not last":    {map[string]any{"zoneinfo": `a,"b":"c"`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			claims := with(phpClaims(), test.changes)
			token := phpToken(t, "RS256", "other.pem", claims)
			text, _ := payload(t, token)
			nonce, err := json.Marshal(claims["nonce"])
			if err != nil {
				t.Fatal(err)
			}
			ends := strings.Index(token, ".") + 1 + base64.RawURLEncoding.EncodedLen(strings.Index(text, string(nonce))+len(nonce))
			for length := range len(token) {
				s := newSite(t)
				s.PutKey(appID, oauth.SigningKey{Algorithm: oauth.HS256}) // which is quick
				s.putCode("openid", oauth.StoredIDToken{OfCode: token[:length]})
				_, got := payload(t, s.redeem().Tokens.IDToken)
				nonce, there := got["nonce"]
				if want := test.survive && length >= ends; there != want || there && nonce != claims["nonce"] {
					t.Fatalf("cut at %d, where the nonce ends at %d: it is %v", length, ends, nonce)
				}
			}
		})
	}
}

// TestStoredHS256 is the same for a client that signs with its secret.
func TestStoredHS256(t *testing.T) {
	for key, handedOut := range map[string]bool{secret: true, "another secret": false} {
		s := newSite(t)
		s.PutKey(appID, oauth.SigningKey{Algorithm: oauth.HS256})
		token := phpToken(t, "HS256", key, phpClaims())
		s.putCode("openid", oauth.StoredIDToken{OfCode: cut(token), Current: token})
		if got := s.redeem().Tokens.IDToken == token; got != handedOut {
			t.Errorf("signed with %q: handed out is %v", key, got)
		}
	}
}

// TestAuthTimeIsNotInTheFuture: the end of a code may be far where a table was
// filled by hand.
func TestAuthTimeIsNotInTheFuture(t *testing.T) {
	s := newSite(t)
	s.PutGrant(oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c1"}, oauth.Grant{
		ClientID: appID, UserID: alice, Expires: now.Add(time.Hour), Scope: oauth.Scope{"openid"},
	})
	if _, claims := payload(t, s.redeem().Tokens.IDToken); claims["auth_time"] != float64(now.Unix()) {
		t.Errorf("auth_time is %v, want %d", claims["auth_time"], now.Unix())
	}
}
