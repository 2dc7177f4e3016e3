package robustness_test

import (
	"fmt"
	"os"
	"os/exec"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// sqlSite is what PHP and an administrator do, in SQL as plain as theirs.
type sqlSite struct{ *stage.Site }

func (s sqlSite) exec(statement string, args ...any) error {
	_, err := s.Root.Exec(s.SQL(statement), args...)
	return err
}

func (s sqlSite) Issue(t oauth.Token) error {
	expires := sandboxtest.Never
	if !t.Expires.IsZero() {
		expires = sandboxtest.Digits(t.Expires)
	}
	return s.exec("INSERT INTO {}moos_oauth_"+string(t.Kind)+"s ("+string(t.Kind)+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)",
		t.Value, t.ClientID, t.UserID, expires, t.Scope.String())
}

func (s sqlSite) Sees(p oauth.Presented) (bool, error) {
	var n int
	err := s.Root.Get(&n, s.SQL("SELECT COUNT(*) FROM {}moos_oauth_"+string(p.Kind)+"s WHERE "+string(p.Kind)+" = ?"), p.Value)
	return n > 0, err
}

func (s sqlSite) Takes(code string) error {
	return s.exec("DELETE FROM {}moos_oauth_authorization_codes WHERE authorization_code = ?", code)
}

func (s sqlSite) SetUser(id int64, there bool) error {
	if !there {
		return s.exec("DELETE FROM {}users WHERE ID = ?", id)
	}
	return s.exec("INSERT IGNORE INTO {}users (ID, user_login) VALUES (?, ?)", id, fmt.Sprintf("user%d", id))
}

func (s sqlSite) SetClient(c stage.Client, there bool) error {
	if !there {
		return s.exec("DELETE FROM {}moos_oauth_clients WHERE client_id = ?", c.ID)
	}
	secret := ""
	if c.Secret != "" {
		secret = wpdb.EncryptSecret(c.Secret, c.Name)
	}
	return s.exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) "+
		"SELECT ?, ?, ?, '', 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM {}moos_oauth_clients WHERE client_id = ?)", c.Name, c.ID, secret, c.ID)
}

func (s sqlSite) SetOpen(open bool) error {
	plugins := "a:0:{}"
	if open {
		plugins = `a:1:{i:0;s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";}`
	}
	return s.option("active_plugins", plugins)
}

func (s sqlSite) SetLifetime(d time.Duration) error {
	return s.option("mo_oauth_expiry_time", fmt.Sprint(int(d.Seconds())))
}

func (s sqlSite) option(name, value string) error {
	return s.exec("REPLACE INTO {}options (option_name, option_value) VALUES (?, ?)", name, value)
}

func (s sqlSite) Revoke(user int64) error {
	return s.command("tokens", "revoke", "--user", fmt.Sprint(user), "--yes")
}

// command runs a command of the program.
func (s sqlSite) command(args ...string) error {
	c := exec.Command(binary, append(args, "--wp-config", s.WPConfig)...)
	c.Env = []string{"PATH=" + os.Getenv("PATH")} // and no settings of this machine
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w: %s", args, err, out)
	}
	return nil
}

func (s sqlSite) Stored() (map[int64][]oauth.Presented, error) {
	stored := map[int64][]oauth.Presented{}
	for kind := range sandboxtest.GrantTables() {
		var rows []struct {
			User  int64  `db:"user_id"`
			Value string `db:"value"`
		}
		err := s.Root.Select(&rows, s.SQL("SELECT DISTINCT user_id, "+string(kind)+" AS value FROM {}moos_oauth_"+string(kind)+"s"))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			stored[r.User] = append(stored[r.User], oauth.Presented{Kind: kind, Value: r.Value})
		}
	}
	return stored, nil
}
