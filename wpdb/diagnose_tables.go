package wpdb

import (
	"fmt"
	"slices"
	"strings"
)

// needs is the tables, with the columns and privileges that the server uses of
// each. In a network usermeta says who is a member of the client's blog.
func (t tables) needs() []need {
	list := []need{
		{t.options, []string{"option_name", "option_value"}, "SELECT", false},
		{t.users, []string{"ID", "user_login", "user_email", "display_name"}, "SELECT", false},
		{t.usermeta, []string{"user_id", "meta_key", "meta_value"}, "SELECT", t.capabilities == ""},
		{t.keys, []string{"client_id", "private_key", "public_key", "encryption_algorithm"}, "SELECT", true},
		{t.clients, []string{"client_id", "client_name", "client_secret", "redirect_uri"}, "SELECT", false},
		{t.codes, []string{"authorization_code", "client_id", "user_id", "redirect_uri", "expires", "scope"}, "SELECT, DELETE", false},
		{t.accessTokens, []string{"access_token", "client_id", "user_id", "expires", "scope"}, "SELECT, INSERT, DELETE", false},
		{t.refreshTokens, []string{"refresh_token", "client_id", "user_id", "expires", "scope"}, "SELECT, INSERT, DELETE", false},
	}
	if t.blogs != "" { // which plugins are active in all of a network
		list = append(list, need{t.blogs, []string{"blog_id", "site_id"}, "SELECT", false},
			need{t.sitemeta, []string{"site_id", "meta_key", "meta_value"}, "SELECT", false})
	}
	return list
}

type need struct {
	table      string
	columns    []string
	privileges string
	idTokens   bool // without it there are tokens, but no ID tokens
}

// written says if the server writes to the table.
func (n need) written() bool { return strings.Contains(n.privileges, "DELETE") }

// engines looks for tables that are not there, and for those that cannot roll
// back.
func (d *diagnosis) engines() error {
	for _, n := range d.tables.needs() {
		engine, err := d.engineOf(d.ctx, d.db, n.table)
		if err != nil {
			return err
		}
		switch {
		case engine == "":
			d.missing = append(d.missing, n.table)
		case !strings.EqualFold(engine, "InnoDB") && n.written():
			d.add(KindEngine, true, fmt.Sprintf("Run: ALTER TABLE %s ENGINE=InnoDB;", d.fullName(n.table)),
				"The table %s is kept by the engine %s, which has no transactions, so a failure could lose a code or leave half a token.", n.table, engine)
		}
	}
	if err := d.forgetHidden(); err != nil {
		return err
	}
	return d.explainMissing()
}

// forgetHidden: a user who has no privilege on a table does not see it in
// information_schema. If other tables are seen, it is not missing because of
// that; privileges says what is the matter.
func (d *diagnosis) forgetHidden() error {
	if len(d.present()) == 0 {
		return nil
	}
	var missing []string
	for _, table := range d.missing {
		_, err := d.db.ExecContext(d.ctx, "SELECT 1 FROM "+quoteName(table)+" WHERE FALSE")
		switch {
		case number(err) == errNoSuchTable || number(err) == errUnknownDatabase:
			missing = append(missing, table)
		case err != nil && !denied(err):
			return err
		}
	}
	d.missing = missing
	return nil
}

// explainMissing tells a wrong prefix from a plugin that was never active.
func (d *diagnosis) explainMissing() error {
	var missing []string // but for those that only ID tokens need
	for _, n := range d.tables.needs() {
		if !n.idTokens && slices.Contains(d.missing, n.table) {
			missing = append(missing, n.table)
		}
	}
	if slices.Contains(missing, d.tables.blogs) && !slices.Contains(missing, d.tables.options) {
		d.add(KindMultisite, true, "Do not set multisite (or MULTISITE in wp-config.php): a single site needs no setting. If it is a network, restore its tables.",
			"WordPress is said to be a network of sites, but there is no table %s: it is a single site.", d.tables.blogs)
		missing = slices.DeleteFunc(missing, func(t string) bool { return t == d.tables.blogs || t == d.tables.sitemeta })
		if len(missing) == 0 {
			return nil
		}
	}
	if len(missing) == 0 {
		for _, table := range d.missing {
			d.add(KindTableMissing, false, "Restore it, or deactivate and activate the plugin in wp-admin.",
				"The table %s is missing, so no answer has an ID token.", table)
		}
		return nil
	}
	prefixes, err := d.prefixes()
	if err != nil {
		return err
	}
	switch {
	case len(prefixes) > 0 && !slices.Contains(prefixes, d.config.Prefix):
		d.add(KindPrefix, true, fmt.Sprintf("Set table_prefix, or $table_prefix in wp-config.php, to the right one of: %s.", strings.Join(prefixes, ", ")),
			"There are no tables of the OAuth server plugin with the prefix %q.", d.config.Prefix)
	case slices.Contains(missing, d.tables.options):
		d.add(KindWordPressMissing, true, "Install WordPress, if that is not done yet; else compare DB_NAME and $table_prefix with wp-config.php: this may be another site's database, or the user may not read its tables.",
			"There is no WordPress with the prefix %q in the database %q.", d.config.Prefix, d.config.Name)
	case slices.Contains(missing, d.tables.clients):
		d.add(KindPluginMissing, true, "Activate \"miniOrange OAuth 2.0 Server\" in wp-admin; it makes its tables then.",
			"The WordPress in the database %q has no tables of the OAuth server plugin.", d.config.Name)
	case slices.Equal(missing, []string{d.tables.users}):
		d.add(KindTableMissing, true, "Compare users_table, or CUSTOM_USER_TABLE in wp-config.php, with what WordPress uses.",
			"There is no table of users named %s.", d.tables.users)
	default:
		d.add(KindTableMissing, true, "Restore them, or deactivate and activate the plugin in wp-admin.",
			"Tables are missing: %s.", strings.Join(missing, ", "))
	}
	return nil
}

// prefixes are those under which the database has the plugin's tables.
func (d *diagnosis) prefixes() (prefixes []string, err error) {
	const suffix = "moos_oauth_clients"
	var names []string
	err = d.db.SelectContext(d.ctx, &names, "SELECT TABLE_NAME FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE ? ORDER BY TABLE_NAME", d.config.Name, `%moos\_oauth\_clients`)
	for _, name := range names {
		prefixes = append(prefixes, strings.TrimSuffix(name, suffix))
	}
	return prefixes, err
}

// columns looks for columns that are not there.
func (d *diagnosis) columns() error {
	for _, n := range d.present() {
		for _, column := range n.columns {
			_, err := d.db.ExecContext(d.ctx, fmt.Sprintf("SELECT `%s` FROM %s WHERE FALSE", column, quoteName(n.table)))
			if number(err) == errUnknownColumn {
				d.add(KindColumnMissing, true, "The table is not the plugin's, or damaged; restore it, or let the plugin make it anew.",
					"The table %s has no column %s.", n.table, column)
			} else if err != nil && !denied(err) { // privileges has its own look
				return err
			}
		}
	}
	return nil
}

// present is what is needed of the tables that are there.
func (d *diagnosis) present() []need {
	return slices.DeleteFunc(d.tables.needs(), func(n need) bool { return slices.Contains(d.missing, n.table) })
}
