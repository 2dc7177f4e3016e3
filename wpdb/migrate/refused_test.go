package migrate_test

import (
	"errors"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"strings"
	"testing"
)

// What the server refuses is told with what to do about it.
func TestMigrateRefused(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	for name, c := range map[string]struct {
		grants       []string
		break_       string
		remedy, want string
	}{
		"no ALTER":  {[]string{"GRANT SELECT, INSERT, DELETE, CREATE ON wordpress.* TO wp@localhost"}, "", "GRANT ALTER ON `wordpress`.`{}moos_oauth_access_tokens` TO", "may not change the table {}moos_oauth_access_tokens"},
		"no CREATE": {[]string{"GRANT SELECT, INSERT, DELETE, ALTER ON wordpress.* TO wp@localhost"}, "", "GRANT CREATE ON `wordpress`.`{}moserver_rotated_tokens` TO", "may not change the table {}moserver_rotated_tokens"},
		"MyISAM":    {nil, "ALTER TABLE {}moos_oauth_access_tokens ENGINE=MyISAM", "ENGINE=InnoDB", "MyISAM"},
		"MyISAM clients": {nil, "ALTER TABLE {}moos_oauth_clients ENGINE=MyISAM",
			"ALTER TABLE `wordpress`.`{}moos_oauth_clients` ENGINE=InnoDB", "cannot add an index"},
		"no table": {nil, "DROP TABLE {}moos_oauth_access_tokens", "activate the plugin", "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := diagnosed(t, server, c.grants...)
			if c.break_ != "" {
				s.Exec(c.break_)
			}
			m, err := migrate.Run(within(t, patience), s.DB, migrate.Options{})
			if said := text(m); err != nil || m.Complete() || !strings.Contains(said, s.SQL(c.want)) || !strings.Contains(said, s.SQL(c.remedy)) {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
	t.Run("read-only", func(t *testing.T) {
		s := diagnosed(t, server)
		s.Exec("SET GLOBAL read_only = 1")
		t.Cleanup(func() { s.Exec("SET GLOBAL read_only = 0") })
		m, err := migrate.Run(within(t, patience), s.DB, migrate.Options{})
		if err != nil || !strings.Contains(text(m), "read-only") || !strings.Contains(text(m), "primary server") {
			t.Errorf("%v\n%s", err, text(m))
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		s := diagnosed(t, server).reopen(func(c *wpdb.Config) { c.Password = "n0t-the-passw0rd" })
		m, err := migrate.Run(within(t, patience), s.DB, migrate.Options{})
		if err != nil || len(m.Findings) != 1 || m.Complete() || !strings.Contains(text(m), "refuses the user") {
			t.Errorf("%v\n%s", err, text(m))
		}
	})
}

func TestMigrateWithoutDatabase(t *testing.T) {
	s := newSite(t, database).reopen(func(c *wpdb.Config) { c.Address = "/nowhere/db.sock" })
	if _, err := migrate.Run(within(t, patience), s.DB, migrate.Options{}); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("Migrate returned %v", err)
	}
}

// The database of a plugin that is too old for ID tokens has no table of keys.
func TestMigrateWithoutKeys(t *testing.T) {
	s := newSite(t, database)
	s.Exec("DROP TABLE {}moos_oauth_public_keys")
	before := s.schema()
	if m := s.migrate(migrate.Options{}); len(m.Changes) != 8 {
		t.Errorf("%s", text(m))
	}
	s.migrate(migrate.Options{Undo: true})
	s.wantSame(before)
}

// startMariaDB starts a server with options that no other kind of server has.
func startMariaDB(t *testing.T, arguments ...string) *sandbox.Server {
	t.Helper()
	program, err := sandbox.Find()
	if err != nil {
		t.Fatal(err)
	}
	return sandboxtest.Start(t, sandbox.Options{Program: program, Args: arguments})
}

// A Galera cluster stops for each change, so it is asked about first. (This server
// has no cluster; it only says so.)
func TestMigrateGalera(t *testing.T) {
	s := newSite(t, startMariaDB(t, "--wsrep-on=ON", "--binlog-format=ROW"))
	before := s.schema()
	m, err := migrate.Run(within(t, patience), s.DB, migrate.Options{})
	if err != nil || m.Complete() || !strings.Contains(text(m), "--galera") {
		t.Errorf("%v\n%s", err, text(m))
	}
	s.wantSame(before)
	s.migrate(migrate.Options{Galera: true})
	s.migrate(migrate.Options{}) // there is nothing to do, so nothing to ask
	s.migrate(migrate.Options{Galera: true, Undo: true})
	s.wantSame(before)
}

// A table with dates as MariaDB 5.3 and MySQL 5.5 kept them cannot be changed
// online: that makes writers wait, which a big table does not do unasked.
func TestMigrateNotOnline(t *testing.T) {
	s := newSite(t, startMariaDB(t, "--mysql56-temporal-format=OFF"))
	s.Exec("SET GLOBAL mysql56_temporal_format = ON")
	s.fill(10_000)
	s.Exec("DELETE FROM {}moos_oauth_authorization_codes LIMIT 1")
	m, err := migrate.Run(within(t, patience), s.DB, migrate.Options{})
	if n := states(m); err != nil || n[migrate.ChangeRefused] != 4 || n[migrate.ChangeDone] != 5 || !strings.Contains(text(m), "--allow-blocking") {
		t.Errorf("%v\n%s", err, text(m))
	}
	if !strings.Contains(text(m), "Writers had to wait") {
		t.Errorf("nobody is told that the small table was locked:\n%s", text(m))
	}
	s.migrate(migrate.Options{Blocking: true})
	s.wantIndexes()
}
