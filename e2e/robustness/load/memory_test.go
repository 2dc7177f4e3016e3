package load_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/robustness/load"
	"moserver-sidecar/e2e/robustness/model"
	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
)

// memorySite is a site in memory.
type memorySite struct{ *memory.Store }

func (s memorySite) Issue(t oauth.Token) error {
	s.PutGrant(oauth.Presented{Kind: t.Kind, Value: t.Value},
		oauth.Grant{ClientID: t.ClientID, UserID: t.UserID, Expires: t.Expires, Scope: t.Scope})
	return nil
}

func (s memorySite) Sees(p oauth.Presented) (bool, error) {
	facts, err := s.Find(context.Background(), "", p)
	return facts.Grant != nil, err
}

func (s memorySite) Takes(code string) error {
	_ = s.Redeem(context.Background(), oauth.Presented{Kind: oauth.AuthorizationCode, Value: code})
	return nil
}

func (s memorySite) SetUser(id int64, there bool) error {
	if !there {
		s.DeleteUser(id)
		return nil
	}
	s.PutUser(id)
	return nil
}

func (s memorySite) SetClient(c stage.Client, there bool) error {
	if !there {
		s.DeleteClient(c.ID)
		return nil
	}
	s.PutClient(oauth.Client{ID: c.ID, Confidential: c.Secret != "", Secret: c.Secret})
	return nil
}

func (s memorySite) SetOpen(open bool) error {
	return s.change(func(site *oauth.Site) { site.Deactivated = !open })
}

func (s memorySite) SetLifetime(d time.Duration) error {
	return s.change(func(site *oauth.Site) { site.AccessTokenLifetime = d })
}

func (s memorySite) change(change func(*oauth.Site)) error {
	facts, err := s.Find(context.Background(), "", oauth.Presented{})
	change(&facts.Site)
	s.SetSite(facts.Site)
	return err
}

func (s memorySite) Revoke(user int64) error {
	for _, kind := range kinds() {
		for _, t := range s.Tokens(kind) {
			if t.UserID == user {
				_ = s.Redeem(context.Background(), oauth.Presented{Kind: t.Kind, Value: t.Value})
			}
		}
	}
	return nil
}

func (s memorySite) Stored() (map[int64][]oauth.Presented, error) {
	stored := map[int64][]oauth.Presented{}
	for _, kind := range kinds() {
		for _, t := range s.Tokens(kind) {
			stored[t.UserID] = append(stored[t.UserID], oauth.Presented{Kind: kind, Value: t.Value})
		}
	}
	return stored, nil
}

func kinds() []oauth.Kind {
	return []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken}
}

// play lets clients play on a store for a time, or until so many codes were contended,
// and judges that. wrong makes the store that servers use of the right one.
func play(seed uint64, d time.Duration, codes int, wrong func(oauth.Store) oauth.Store) (model.Rules, model.Verdict, error) {
	r := model.Rules{
		Seed: seed, Reach: oauth.Reach(seed % 3), Recorded: model.Always,
	}
	if seed%2 == 0 {
		r.Grace = time.Minute
	}
	site := memorySite{memory.New()}
	store := wrong(site.Store)
	policy := oauth.Policy{RotateAll: seed/2%2 == 0, RevokeAccessTokens: r.Reach, RotationGrace: r.Grace}
	server := &oauth.Server{Store: store, Policy: policy, Now: time.Now, Random: rand.Reader}
	handler := handlers.New(server, store.Ready, handlers.Options{RequestTimeout: time.Second, MaxBodyBytes: 1 << 16}, slog.New(slog.DiscardHandler))
	send := func(r *http.Request) (stage.Answer, error) {
		recorded := httptest.NewRecorder()
		handler.ServeHTTP(recorded, r)
		return stage.ReadAnswer(recorded.Result())
	}
	l := &load.Load{
		Site: site, Workers: 8, Codes: codes, Seed: seed, RotateAll: policy.RotateAll, History: history.New(),
		Doors:   []load.Door{{Send: send, Server: 1}, {Send: send, Server: 2}},
		Clients: []stage.Client{{ID: "app", Secret: "secret of app"}, {ID: "pub"}, {ID: "app2", Secret: "secret of app2"}},
	}
	for _, c := range l.Clients {
		_ = site.SetClient(c, true)
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	l.Run(ctx)
	err := l.Audit()
	return r, model.Judge(r, l.History.Ops()), err
}
