package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"moserver-sidecar/wpdb"
)

// unchecked are CURRENT_USER() of MariaDB and MySQL with --skip-grant-tables, where
// SHOW GRANTS fails.
func unchecked() []string { return []string{"@", "skip-grants user@skip-grants host"} }

// grants compares the account's privileges with those that the server needs.
func (e *examination) grants() error {
	e.facts.LeastPrivilege = e.leastPrivilege()
	if slices.Contains(unchecked(), e.facts.Account) {
		e.advise(wpdb.KindPrivilegesUnchecked, "Start it without --skip-grant-tables.", "The database checks no passwords and no privileges (skip-grant-tables).")
		return nil
	}
	var lines []string // they may hold the hash of a password, so they are not shown
	if err := e.SQL.SelectContext(e.ctx, &lines, "SHOW GRANTS"); err != nil {
		return err
	}
	var wide []string
	for _, line := range lines {
		if more := e.moreThanNeeded(line); more != "" {
			wide = append(wide, more)
		}
	}
	if len(wide) > 0 {
		e.advise(wpdb.KindPrivilegesWide, "Give the server an account of its own:\n"+strings.Join(e.facts.LeastPrivilege, "\n"),
			"The account %s may do more than the server needs: %s.", e.facts.Account, strings.Join(wide, "; "))
	}
	return nil
}

// moreThanNeeded is what a line of SHOW GRANTS grants beyond the needs.
func (e *examination) moreThanNeeded(line string) string {
	parts := regexp.MustCompile(`^GRANT (.+?) ON (?:TABLE )?(\S+) TO `).FindStringSubmatch(line)
	if parts == nil || parts[1] == "USAGE" || strings.HasPrefix(parts[1], "PROXY") {
		return "" // a role; what it gives has lines of its own
	}
	privileges := regexp.MustCompile(` \([^)]*\)`).ReplaceAllString(parts[1], "") // the columns that they are for
	on := parts[2]
	if strings.HasSuffix(on, ".*") {
		if len(privileges) > 60 { // MySQL lists them all
			privileges = fmt.Sprintf("%d privileges", strings.Count(privileges, ",")+1)
		}
		return privileges + " on " + on
	}
	needed := ""
	for _, n := range e.Granted(e.blogTables...) {
		if on == e.FullName(n.Table) {
			needed = n.Privileges
		}
	}
	needs := strings.Split(needed, ", ")
	extra := slices.DeleteFunc(strings.Split(privileges, ", "), func(p string) bool { return slices.Contains(needs, p) })
	if len(extra) == 0 || e.harmless(on) {
		return ""
	}
	return strings.Join(extra, ", ") + " on " + on
}

// harmless reports whether only Examine reads a table, or the server may need it later.
func (e *examination) harmless(on string) bool {
	own := regexp.QuoteMeta("`.`" + e.Config.Prefix)
	return regexp.MustCompile(own + "(blogs|sitemeta|moserver_rotated_tokens|[0-9]+_options)`$").MatchString(on)
}

// leastPrivilege is Facts.LeastPrivilege, for the host of this account.
func (e *examination) leastPrivilege() []string {
	host := "localhost"
	if at := strings.LastIndex(e.facts.Account, "@"); at >= 0 && at+1 < len(e.facts.Account) {
		host = e.facts.Account[at+1:]
	}
	return e.DB.LeastPrivilege(host, e.blogTables...)
}
