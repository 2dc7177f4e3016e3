package e2e_test

import (
	"context"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// Lists of active plugins as WordPress writes them, of a blog and of a network.
const (
	activePlugins   = `a:2:{i:0;s:19:"akismet/akismet.php";i:1;s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";}`
	sitewidePlugins = `a:1:{s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";i:1700000000;}`
	otherPlugins    = `a:1:{i:0;s:38:"miniorange-login/mo_oauth_settings.php";}`
)

// TestDeactivated: deactivating the plugin in wp-admin stops the server with the
// next request, on each route, and activating it lets it go on.
func TestDeactivated(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.Put("refresh", "r1", s.app, stage.Row{})
	s.Put("access", "a1", s.app, stage.Row{Expires: "2037-01-01 00:00:00"})
	server, renamed := s.Serve(), s.Serve("--plugin-folder", "miniorange-login")
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	s.PutOption("active_plugins", otherPlugins)
	for _, path := range []string{"resource?access_token=a1", s.app.ID + "/.well-known/keys"} {
		if a := server.Get("/wp-json/moserver/" + path); a.UnavailableFault() != "" {
			t.Errorf("%s: %s: %s", path, a.UnavailableFault(), a)
		}
	}
	if a := server.Refresh(s.app, "r1"); a.UnavailableFault() != "" {
		t.Errorf("refresh: %s: %s", a.UnavailableFault(), a)
	}
	server.Await("outcome=plugin_not_active")
	renamed.Refresh(s.app, "r1").WantTokens(t, "profile email")
	for _, name := range []string{"check", "doctor"} {
		r := command(t, nil, name, "--wp-config", s.WPConfig)
		if r.code == 0 || !strings.Contains(r.stdout, "The plugin is not active") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	s.PutOption("active_plugins", activePlugins)
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
}

// TestDeactivatedInNetwork: a plugin may be active on one blog, or on all of them.
func TestDeactivatedInNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	if err := s.Server.MakeNetwork(context.Background(), s.Prefix); err != nil {
		t.Fatal(err)
	}
	s.Exec("CREATE TABLE {}2_options LIKE {}options")
	s.Exec("INSERT INTO {}2_options (option_name, option_value) VALUES ('active_plugins', ?), ('mo_oauth_server_is_client_secret_encrypted', '1')", otherPlugins)
	s.Exec("INSERT INTO {}usermeta (user_id, meta_key, meta_value) VALUES (2, '{}capabilities', ?), (2, '{}2_capabilities', ?)", "a:0:{}", "a:0:{}")
	s.Exec("UPDATE {}moos_oauth_clients SET active_oauth_server_id = 2 WHERE client_id = ?", s.hs.ID)
	s.Put("refresh", "r1", s.app, stage.Row{})
	s.Put("refresh", "r2", s.hs, stage.Row{})
	server := s.Serve("--multisite")
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	if a := server.Refresh(s.hs, "r2"); a.UnavailableFault() != "" {
		t.Errorf("not active on blog 2: %s: %s", a.UnavailableFault(), a)
	}
	if r := command(t, nil, "check", "--multisite", "--wp-config", s.WPConfig); r.code != 1 || !strings.Contains(r.stdout, "not active on blog 2") {
		t.Errorf("check: %+v", r)
	}
	s.Exec("UPDATE {}sitemeta SET meta_value = ?", sitewidePlugins)
	server.Refresh(s.hs, "r2").WantTokens(t, "profile email")
	s.Exec("UPDATE {}sitemeta SET meta_value = ?", "a:0:{}")
	s.PutOption("active_plugins", otherPlugins)
	if a := server.Refresh(s.app, "r1"); a.UnavailableFault() != "" {
		t.Errorf("not active on the main blog: %s: %s", a.UnavailableFault(), a)
	}
}
