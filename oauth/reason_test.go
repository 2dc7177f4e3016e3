package oauth_test

import (
	"strings"
	"testing"

	"moserver-sidecar/oauth"
)

// TestClientReasons: the log tells what a client must not learn, so that an operator can
// tell a secret that is stored wrongly from a guess (docs/troubleshooting.md).
func TestClientReasons(t *testing.T) {
	stored := oauth.Client{ID: appID, Confidential: true, Secret: "as stored", Otherwise: appSecret}
	encrypted := stored
	encrypted.Encrypted = true
	unreadable := oauth.Client{ID: appID, Confidential: true}
	good := oauth.Client{ID: appID, Confidential: true, Secret: appSecret, Otherwise: "garbled"}
	for name, test := range map[string]struct {
		client      oauth.Client
		credentials []oauth.Credential
		want        oauth.Reason
	}{
		"missing":             {good, nil, oauth.ReasonClientMissing},
		"unknown":             {good, credentials("nobody", appSecret), oauth.ReasonClientUnknown},
		"unknown, no secret":  {good, credentials("nobody", ""), oauth.ReasonClientUnknown},
		"no secret":           {good, credentials(appID, ""), oauth.ReasonSecretMissing},
		"wrong":               {good, credentials(appID, "wrong"), oauth.ReasonSecretWrong},
		"public":              {oauth.Client{ID: appID}, credentials(appID, "x"), oauth.ReasonSecretUnexpected},
		"unreadable":          {unreadable, credentials(appID, appSecret), oauth.ReasonSecretUnreadable},
		"not marked":          {stored, app(), oauth.ReasonSecretNotMarked},
		"not marked, wrong":   {stored, credentials(appID, "wrong"), oauth.ReasonSecretWrong},
		"plain":               {encrypted, app(), oauth.ReasonSecretPlain},
		"plain, wrong":        {encrypted, credentials(appID, "wrong"), oauth.ReasonSecretWrong},
		"plain, second read":  {encrypted, append(credentials(appID, "a+b"), app()...), oauth.ReasonSecretPlain},
		"plain, first of two": {encrypted, append(app(), credentials(appID, "a b")...), oauth.ReasonSecretPlain},
	} {
		f := newFixture(t)
		f.store.PutClient(test.client)
		f.put(oauth.RefreshToken, "r0", f.grant(appID))
		r := refreshRequest()
		r.Credentials = test.credentials
		f.refusesFor(name, r, oauth.InvalidClient, test.want)
	}
}

// TestCodeReasons: what is no code is told from what is no seal, also without seals, and
// what has no code at all is no grant that has ended.
func TestCodeReasons(t *testing.T) {
	long := strings.Repeat("A", 100) // as long as a seal
	for _, sealing := range []bool{true, false} {
		for _, id := range []string{appID, publicID} {
			f := newSealing(t)
			broken := oauth.ReasonSealBroken
			if !sealing {
				f.Seals, broken = nil, oauth.ReasonCodeUnknown
			}
			r := codeRequest()
			if id == publicID {
				r.Credentials = credentials(publicID, "")
			}
			r.Code = ""
			f.refusesFor("no code", r, oauth.InvalidRequest, oauth.ReasonCodeMissing)
			for length := 1; length <= len(long); length++ {
				want := oauth.ReasonCodeUnknown
				if length%4 != 1 && length >= 74 { // 55 bytes in base64url: an empty seal
					want = broken
				}
				r.Code = long[:length]
				f.refusesFor(r.Code, r, oauth.InvalidGrant, want)
			}
		}
	}
}

// TestLongRawCode: other editions may make codes that look like seals.
func TestLongRawCode(t *testing.T) {
	f := newSealing(t)
	r := codeRequest()
	r.Code = strings.Repeat("A", 100)
	f.put(oauth.AuthorizationCode, r.Code, f.grant(appID))
	f.grants(r)
}
