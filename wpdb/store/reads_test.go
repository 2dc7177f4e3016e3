package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/oauth"
)

var kinds = []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken}

// together calls work n times at once, so that the reads of a kind share a statement.
func (s *site) together(n int, work func(i int)) {
	s.T.Helper()
	waiting, release := s.HoldReads()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { work(i) })
	}
	eventually(s.T, "all wait", func() bool { return waiting() == n })
	release()
	all.Wait()
}

// TestFindTogether: of those who share a statement, and of one more than it takes, each
// gets its own client and token, and nothing for what is not there.
func TestFindTogether(t *testing.T) {
	const most, shared = 33, 32
	s := newSite(t, database)
	var mu sync.Mutex
	sizes := map[int]bool{}
	s.Gathered = func(kind string, requests int) {
		mu.Lock()
		defer mu.Unlock()
		sizes[requests] = sizes[requests] || kind == "find"
	}
	for i := range most {
		s.PutClient(oauth.Client{ID: fmt.Sprint("client", i), Secret: fmt.Sprint("secret", i)})
		s.PutGrant(refreshToken(fmt.Sprint("token", i)), oauth.Grant{ClientID: fmt.Sprint("client", i), UserID: int64(i + 1)})
	}
	find := func(i int) {
		token := fmt.Sprint("token", i)
		if i%4 == 3 {
			token = strings.Repeat("x", i)
		}
		facts, err := s.Find(within(t, patience), fmt.Sprint("client", i), refreshToken(token))
		if err != nil || facts.Client == nil || facts.Client.Secret != fmt.Sprint("secret", i) ||
			(facts.Grant == nil) != (i%4 == 3) || facts.Grant != nil && facts.Grant.UserID != int64(i+1) {
			t.Errorf("caller %d: %+v, %v", i, facts, err)
		}
	}
	for n := 1; n < shared; n++ {
		if s.together(n, find); !sizes[n] {
			t.Errorf("%d callers at once share statements of %v", n, sizes)
		}
	}
	var all sync.WaitGroup
	for i := range most {
		all.Go(func() { find(i) })
	}
	all.Wait()
	for n := range sizes {
		if n > shared {
			t.Errorf("%d callers share a statement", n)
		}
	}
}

// TestTogetherByteExact: values that the collation takes for the same, in one statement.
func TestTogetherByteExact(t *testing.T) {
	values := []string{"abcdef", "ABCDEF", "àbcdef", "abcdef ", " abcdef", "Abcdef", "abcdef\u200d", "abcde", "", "\xff", strings.Repeat("x", 255), strings.Repeat("x", 256), "ábcdef"}
	absent := []string{"", "\xff", strings.Repeat("x", 256), "ábcdef"}
	s := newSite(t, database)
	for i, value := range values {
		if slices.Contains(absent, value) {
			continue
		}
		for _, kind := range kinds {
			s.PutGrant(oauth.Presented{Kind: kind, Value: value}, oauth.Grant{ClientID: value, UserID: int64(i + 1)})
		}
		s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, active_oauth_server_id) VALUES ('x', ?, 1)", value)
	}
	wrong := func(i int, client *oauth.Client, grant *oauth.Grant) bool {
		if slices.Contains(absent, values[i]) {
			return client != nil || grant != nil
		}
		return client == nil || client.ID != values[i] || grant == nil || grant.UserID != int64(i+1)
	}
	s.together(3*len(values), func(n int) {
		i, kind := n/3, kinds[n%3]
		facts, err := s.Find(within(t, patience), values[i], oauth.Presented{Kind: kind, Value: values[i]})
		if err != nil || wrong(i, facts.Client, facts.Grant) {
			t.Errorf("%s %.9q: %+v, %+v, %v", kind, values[i], facts.Client, facts.Grant, err)
		}
	})
	s.together(len(values), func(i int) {
		bearer, err := s.FindBearer(within(t, patience), values[i])
		if err != nil || wrong(i, bearer.Client, bearer.Grant) {
			t.Errorf("bearer %.9q: %+v, %+v, %v", values[i], bearer.Client, bearer.Grant, err)
		}
	})
}

// TestTogetherChange: an administrator's change counts for each request that begins
// after it, however many are on their way.
func TestTogetherChange(t *testing.T) {
	s := newSite(t, database)
	s.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	s.PutGrant(refreshToken("r"), oauth.Grant{ClientID: clientID, UserID: alice})
	stop := make(chan struct{})
	var load sync.WaitGroup
	for range 20 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.find(clientID, refreshToken("r"))
				}
			}
		})
	}
	for i := range 100 {
		length := 32 + i%64
		s.PutOption("mo_oauth_server_token_length", fmt.Sprint(length))
		s.Exec("UPDATE {}moos_oauth_clients SET redirect_uri = ?", fmt.Sprint("https://", i))
		facts := s.find(clientID, refreshToken("r"))
		if facts.Site.TokenLength != length || facts.Client.RedirectURIs[0] != fmt.Sprint("https://", i) {
			t.Errorf("change %d is not seen: %+v, %+v", i, facts.Site, facts.Client)
		}
	}
	close(stop)
	load.Wait()
}

// TestTogetherHeldUp: reads that are held up hold up none of another kind, and when
// their connections break, each still gets its answer.
func TestTogetherHeldUp(t *testing.T) {
	s := newSite(t, database)
	s.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	s.PutKey(clientID, oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: "key"})
	s.PutGrant(refreshToken(familyOf("f")+"1"), oauth.Grant{ClientID: clientID, UserID: alice})
	code := s.putCode("c")
	s.find(clientID, code) // so that no keys are read along
	for table, there := range map[string]func(context.Context) (bool, error){
		"refresh_tokens": func(ctx context.Context) (bool, error) {
			facts, err := s.Find(ctx, clientID, refreshToken(familyOf("f")+"1"))
			return facts.Grant != nil, err
		},
		"public_keys": func(ctx context.Context) (bool, error) {
			identity, err := s.Identify(ctx, oauth.IdentityQuery{ClientID: clientID})
			return identity.Key.PrivateKey == "key", err
		},
		"access_tokens": func(ctx context.Context) (bool, error) {
			family, err := s.FindFamily(ctx, clientID, familyOf("f"))
			return family != nil, err
		},
	} {
		holder := s.Session()
		s.On(holder, "LOCK TABLES {}moos_oauth_"+table+" WRITE")
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if found, err := there(within(t, patience)); err != nil || !found {
					t.Errorf("%s: found: %t, error %v", table, found, err)
				}
			})
		}
		held := "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT%{}moos_oauth_" + table + "%' AND INFO NOT LIKE '%PROCESSLIST%'"
		eventually(t, "the reads are held up", func() bool { return len(s.Ints(held)) >= 2 })
		if s.find(clientID, code).Grant == nil {
			t.Error("the code is not found")
		}
		for _, id := range s.Ints(held) {
			s.Exec(fmt.Sprintf("KILL %d", id))
		}
		s.On(holder, "UNLOCK TABLES")
		all.Wait()
	}
}
