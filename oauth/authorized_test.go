package oauth_test

import (
	"context"
	"strings"
	"testing"

	"moserver-sidecar/oauth"
)

// TestAuthorizedRefuses: a challenge that cannot be kept with a code is never lost on the
// way, and no more is a code.
func TestAuthorizedRefuses(t *testing.T) {
	f := newSealing(t)
	for name, test := range map[string]struct {
		authorization oauth.Authorization
		code          string
	}{
		"malformed challenge": {oauth.Authorization{ClientID: appID, Challenge: "short"}, phpCode},
		"unknown method":      {oauth.Authorization{ClientID: appID, Challenge: s256(verifier), Method: "S512"}, phpCode},
		"method alone":        {oauth.Authorization{ClientID: appID, Method: "S256"}, phpCode},
		"code too long":       {pkce(), strings.Repeat("c", 256)},
	} {
		if got, err := f.Authorized(context.Background(), test.authorization, test.code); err == nil || got != (oauth.Redirection{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
