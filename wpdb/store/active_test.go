package store_test

import (
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"testing"
)

// Lists of active plugins as PHP serializes them, of a blog and of a network.
const (
	activePlugins   = `a:2:{i:0;s:19:"akismet/akismet.php";i:1;s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";}`
	sitewidePlugins = `a:1:{s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";i:1700000000;}`
	// The second has the same main file, and the first the words of the right folder.
	otherPlugins = `a:2:{i:0;s:25:"oauth-for-server/main.php";i:1;s:38:"miniorange-login/mo_oauth_settings.php";}`
)

// deactivated is what a request of the client, one that presents an access token,
// and one of nobody are told.
func (s *site) deactivated() [3]bool {
	s.T.Helper()
	bearer, err := s.FindBearer(within(s.T, patience), "a1")
	if err != nil {
		s.T.Fatal(err)
	}
	return [3]bool{s.find(clientID, oauth.Presented{}).Site.Deactivated, bearer.Site.Deactivated,
		s.find("nobody", refreshToken("none")).Site.Deactivated}
}

func TestDeactivated(t *testing.T) {
	s := newSite(t, database)
	s.putOnBlog(1, "secret")
	s.PutGrant(oauth.Presented{Kind: oauth.AccessToken, Value: "a1"}, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour()})
	renamed := func(folder string) *site { return s.reopen(func(c *wpdb.Config) { c.PluginFolder = folder }) }
	for _, test := range []struct {
		list, folder string
		want         bool
	}{
		{activePlugins, "", false},
		{otherPlugins, "", true},
		{`a:0:{}`, "", true},
		{``, "", true},
		{`a:1:{i:0;s:54:"miniorange-oauth-20-server-premium/mo_oauth_settings.php";}`, "", false},
		{`a:1:{i:0;s:50:"x-miniorange-oauth-20-server/mo_oauth_settings.php.bak";}`, "", true},
		{`a:1:{i:0;s:29:"sso.server/mo_oauth_settings.php";}`, "", true},
		{`a:1:{i:0;s:29:"sso.server/mo_oauth_settings.php";}`, "sso.server", false},
		{`a:1:{i:0;s:29:"sso-server/mo_oauth_settings.php";}`, "sso.server", true},
		{activePlugins, "sso.server", true},
		{otherPlugins, "must-use", false},
	} {
		s.PutOption("active_plugins", test.list)
		if got := renamed(test.folder).deactivated(); got != [3]bool{test.want, test.want, test.want} {
			t.Errorf("%s, folder %q: deactivated %v, want %v", test.list, test.folder, got, test.want)
		}
	}
	s.Exec("DELETE FROM {}options WHERE option_name = 'active_plugins'")
	if got := s.deactivated(); got != [3]bool{} {
		t.Errorf("without a list: deactivated %v", got)
	}
	s.PutOption("active_plugins", otherPlugins)
	s.Exec("DELETE FROM {}options WHERE option_name = 'siteurl'")
	if got := s.deactivated(); got != [3]bool{true, true, true} {
		t.Errorf("without the option siteurl: deactivated %v", got)
	}
	s.DB.Config.PluginFolder = "../x"
	if _, err := wpdb.Open(s.DB.Config, nil); err == nil {
		t.Error("a folder of ../x is taken")
	}
}

// TestDeactivatedTogether: all who share a statement are told, though it asks once.
func TestDeactivatedTogether(t *testing.T) {
	s := newSite(t, database)
	for list, want := range map[string]bool{activePlugins: false, otherPlugins: true} {
		s.PutOption("active_plugins", list)
		s.together(5, func(i int) {
			facts, err := s.Find(within(t, patience), "nobody", refreshToken(fmt.Sprint(i)))
			if err != nil || facts.Site.Deactivated != want {
				t.Errorf("caller %d of %s: deactivated %v, %v", i, list, facts.Site.Deactivated, err)
			}
		})
	}
}

// Each charset that the connection may have works: MySQL compares no text with one
// of the charset binary.
func TestDeactivatedBinary(t *testing.T) {
	s := newSite(t, database).reopen(func(c *wpdb.Config) { c.Charset = "binary" })
	s.PutOption("active_plugins", otherPlugins)
	if !s.find(clientID, refreshToken("none")).Site.Deactivated {
		t.Error("the plugin is taken for active")
	}
}

// In a network each blog has its own list, and there is one for all of them; another
// network in the same tables has another.
func TestDeactivatedOnBlog(t *testing.T) {
	s := newNetwork(t)
	s.PutGrant(oauth.Presented{Kind: oauth.AccessToken, Value: "a1"}, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour()})
	s.Exec("INSERT INTO {}sitemeta (site_id, meta_key, meta_value) VALUES (2, 'active_sitewide_plugins', ?)", sitewidePlugins)
	for _, test := range []struct {
		blog                  int
		main, two, everywhere string
		want                  bool
	}{
		{1, activePlugins, otherPlugins, `a:0:{}`, false},
		{2, activePlugins, otherPlugins, `a:0:{}`, true},
		{1, otherPlugins, activePlugins, `a:0:{}`, true},
		{2, otherPlugins, activePlugins, `a:0:{}`, false},
		{1, otherPlugins, otherPlugins, sitewidePlugins, false},
		{2, otherPlugins, otherPlugins, sitewidePlugins, false},
	} {
		s.putOnBlog(test.blog, "secret")
		s.PutOption("active_plugins", test.main)
		s.Exec("REPLACE INTO {}2_options (option_name, option_value) VALUES ('active_plugins', ?)", test.two)
		s.Exec("UPDATE {}sitemeta SET meta_value = ? WHERE site_id = 1", test.everywhere)
		if got := s.deactivated(); got != [3]bool{test.want, test.want, false} {
			t.Errorf("%+v: deactivated %v", test, got)
		}
	}
}
