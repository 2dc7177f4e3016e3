package wpdb_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/storetest"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

// database is the private MariaDB that all tests of the package share; each
// test makes a site of its own in it.
var (
	database *sandbox.Server
	sites    atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	// What the driver says of the broken connections of the tests' own sessions.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		panic(err)
	}
	var err error
	if database, err = sandboxtest.Open(sandbox.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, "these tests need MariaDB:", err)
		return 1
	}
	defer database.Stop()
	return m.Run()
}

// SiteOf is a WordPress site under test: the store, and the tables beside it.
type site struct {
	*store.Store
	DB     *wpdb.DB
	t      testing.TB
	db     *sqlx.DB // beside the store, with sessions as PHP has them
	config wpdb.Config
	server *sandbox.Server
}

// newSite makes the tables of a site and opens a store on them.
func newSite(t testing.TB, server *sandbox.Server) *site {
	t.Helper()
	prefix := fmt.Sprintf("wp%d_", sites.Add(1))
	if err := server.CreateSite(context.Background(), prefix); err != nil {
		t.Fatal(err)
	}
	return openSite(t, server, wpdb.Config{Prefix: prefix})
}

// openSite opens a store on the tables that c names. What c leaves empty is
// what gives access to the server as root.
func openSite(t testing.TB, server *sandbox.Server, c wpdb.Config) *site {
	t.Helper()
	c.Network = "unix"
	c.Address = cmp.Or(c.Address, server.Socket)
	c.User = cmp.Or(c.User, "root")
	c.Name = cmp.Or(c.Name, server.Name())
	c.Charset = cmp.Or(c.Charset, "utf8mb4")
	c.MaxConnections = cmp.Or(c.MaxConnections, 16)
	db, err := sqlx.Open("mysql", server.DSN("interpolateParams=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	wp, err := wpdb.Open(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	opened := store.New(wp)
	t.Cleanup(func() { opened.Close() })
	return &site{Store: opened, DB: wp, t: t, db: db, config: c, server: server}
}

// exec runs SQL in which {} stands for the site's prefix.
func (s *site) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(s.sql(query), args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

func (s *site) setOption(name, value string) {
	s.t.Helper()
	s.exec("REPLACE INTO {}options (option_name, option_value) VALUES (?, ?)", name, value)
}

func (s *site) SetSite(want oauth.Site) {
	s.t.Helper()
	s.setOption("mo_oauth_expiry_time", fmt.Sprint(int(want.AccessTokenLifetime.Seconds())))
	s.setOption("mo_oauth_refresh_expiry_time", fmt.Sprint(int(want.RefreshTokenLifetime.Seconds())))
	s.setOption("mo_oauth_server_token_length", fmt.Sprint(want.TokenLength))
	s.setOption("mo_oauth_server_master_switch", map[bool]string{true: "off", false: "on"}[want.SwitchedOff])
	s.setOption("active_plugins", map[bool]string{true: otherPlugins, false: activePlugins}[want.Deactivated])
}

func (s *site) SetOpenID(issuer string, off bool) {
	s.t.Helper()
	s.setOption("mo_oauth_server_enable_oidc", map[bool]string{true: "off", false: "on"}[off])
	home, pretty := strings.CutSuffix(issuer, "/wp-json/moserver")
	s.setOption("home", strings.TrimSuffix(home, "/?rest_route=/moserver"))
	s.setOption("permalink_structure", map[bool]string{true: "/%postname%/", false: ""}[pretty])
}

func (s *site) PutProfile(id int64, p oauth.Profile) {
	s.t.Helper()
	s.exec("REPLACE INTO {}users (ID, user_login, user_email, display_name) VALUES (?, ?, ?, ?)", id, p.Username, p.Email, p.DisplayName)
	s.exec("DELETE FROM {}usermeta WHERE user_id = ?", id)
	for key, value := range map[string]string{"first_name": p.FirstName, "last_name": p.LastName, "nickname": p.Nickname} {
		s.exec("INSERT INTO {}usermeta (user_id, meta_key, meta_value) VALUES (?, ?, ?), (?, ?, 'a later one')", id, key, value, id, key)
	}
}

func (s *site) PutKey(clientID string, key oauth.SigningKey) {
	s.t.Helper()
	s.exec("DELETE FROM {}moos_oauth_public_keys WHERE client_id = CAST(? AS BINARY)", clientID)
	s.exec("INSERT INTO {}moos_oauth_public_keys VALUES (?, ?, ?, ?)", clientID, key.PublicKey, key.PrivateKey, key.Algorithm)
}

func (s *site) PutIDToken(code string, stored oauth.StoredIDToken) {
	s.t.Helper()
	s.exec("UPDATE {}moos_oauth_authorization_codes SET id_token = ?, expires = expires WHERE authorization_code = CAST(? AS BINARY)", stored.OfCode, code)
	s.setOption("mo_oauth_server_current_id_token", stored.Current)
}

func (s *site) PutClient(c oauth.Client) {
	s.t.Helper()
	s.DeleteClient(c.ID)
	uris := ""
	for i, uri := range c.RedirectURIs {
		uris += map[bool]string{true: "", false: " "}[i == 0] + uri
	}
	s.exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) VALUES (?, ?, ?, ?, 1)",
		"Café 日本", c.ID, wpdb.EncryptSecret(c.Secret, "Café 日本"), uris)
}

func (s *site) DeleteClient(id string) {
	s.t.Helper()
	s.exec("DELETE FROM {}moos_oauth_clients WHERE client_id = ?", id)
}

func (s *site) PutUser(id int64) {
	s.t.Helper()
	s.exec("REPLACE INTO {}users (ID, user_login) VALUES (?, ?)", id, fmt.Sprint("user", id))
}

func (s *site) DeleteUser(id int64) {
	s.t.Helper()
	s.exec("DELETE FROM {}users WHERE ID = ?", id)
}

func (s *site) PutGrant(p oauth.Presented, g oauth.Grant) {
	s.t.Helper()
	expires := "0000-00-00 00:00:00"
	if !g.Expires.IsZero() {
		expires = g.Expires.UTC().Format(time.DateTime)
	}
	table := map[oauth.Kind]string{
		oauth.AuthorizationCode: "authorization_codes",
		oauth.AccessToken:       "access_tokens",
		oauth.RefreshToken:      "refresh_tokens",
	}[p.Kind]
	s.exec("INSERT INTO {}moos_oauth_"+table+" ("+string(p.Kind)+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)",
		p.Value, g.ClientID, g.UserID, expires, g.Scope.String())
	if p.Kind == oauth.AuthorizationCode {
		s.exec("UPDATE {}moos_oauth_authorization_codes SET redirect_uri = ?, expires = ? WHERE authorization_code = CAST(? AS BINARY)",
			g.RedirectURI, expires, p.Value)
	}
}

func (s *site) Tokens(kind oauth.Kind) []oauth.Token {
	s.t.Helper()
	rows, err := s.db.Query(s.sql("SELECT " + string(kind) + ", client_id, user_id, expires, scope FROM {}moos_oauth_" + string(kind) + "s"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var tokens []oauth.Token
	for rows.Next() {
		token := oauth.Token{Kind: kind}
		var expires, scope string
		if err := rows.Scan(&token.Value, &token.ClientID, &token.UserID, &expires, &scope); err != nil {
			s.t.Fatal(err)
		}
		token.Scope = oauth.ParseScope(scope)
		if expires != "0000-00-00 00:00:00" {
			if token.Expires, err = time.Parse(time.DateTime, expires); err != nil {
				s.t.Fatal(err)
			}
		}
		tokens = append(tokens, token)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return tokens
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject { return newRotatingSite(t, database) })
	for _, blog := range []int{1, 2} {
		storetest.RunNetwork(t, func(t *testing.T) storetest.NetworkSubject { return networkSubject{newNetwork(t), blog} })
	}
}

func (s *site) sql(query string) string { return strings.ReplaceAll(query, "{}", s.config.Prefix) }
