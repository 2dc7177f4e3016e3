package commands

import (
	"flag"
	"os"
	"strings"
	"testing"

	"moserver-sidecar/config"
)

var update = flag.Bool("update", false, "write what a command prints into docs/database.md anew")

// TestGrantsPage: docs/database.md has what check --grants prints of a site as most are.
func TestGrantsPage(t *testing.T) {
	const page, begin, end = "../docs/database.md", "```sql\n-- An account", "```\n"
	settings := config.Defaults()
	settings.DBName, settings.DBNetwork, settings.DBAddress = "wordpress", "tcp", "localhost:3306"
	var sql strings.Builder
	if err := printGrants(&sql, settings, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, _ := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no %q", page, begin)
	}
	want := before + "```sql\n" + sql.String() + end + after
	switch {
	case want == string(text):
	case *update:
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date; run go test ./commands -run Grants -update", page)
	}
}

// TestGrantsFollowSettings: the names are the site's, and the database is not asked.
func TestGrantsFollowSettings(t *testing.T) {
	settings := config.Defaults()
	settings.DBName, settings.DBNetwork, settings.DBAddress = "my `site", "tcp", "192.0.2.1:3306"
	settings.TablePrefix, settings.UsersTable, settings.UsermetaTable, settings.Multisite = "x_", "shared.people", "shared.people_meta", true
	var sql strings.Builder
	if err := printGrants(&sql, settings, nil); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"GRANT SELECT ON `shared`.`people` TO 'moserver'@'%';", "GRANT SELECT ON `shared`.`people_meta` TO", "GRANT SELECT ON `my ``site`.`x_sitemeta` TO",
		"GRANT SELECT ON `my ``site`.`x_blogs` TO", "-- GRANT SELECT ON `my ``site`.`x_2_options` TO", "-- % is any host",
	} {
		if !strings.Contains(sql.String(), "\n"+line) {
			t.Errorf("no line %q in\n%s", line, sql.String())
		}
	}
}
