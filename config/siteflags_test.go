package config

import "testing"

// TestSiteFlags: what remedies repeat says which site it is, as a shell reads it, and
// has no password.
func TestSiteFlags(t *testing.T) {
	settings, _ := Load(Sources{Flags: map[string]string{"wp_config": "/my site's/wp-config.php", "db_host": "db:3307", "db_password": "hunter2",
		"multisite": "true", "listen": "unix:/run/x.sock", "config": "moserver.yaml"}})
	want := `--config moserver.yaml --wp-config '/my site'\''s/wp-config.php' --db-host db:3307 --db-password-file … --multisite=true`
	if settings.SiteFlags != want {
		t.Errorf("got  %s\nwant %s", settings.SiteFlags, want)
	}
}
