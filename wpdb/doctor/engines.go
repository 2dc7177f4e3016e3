package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"moserver-sidecar/wpdb"
)

// engines does what Engines describes.
func (d *diagnosis) engines() error {
	for _, n := range d.Tables.Needs() {
		engine, err := d.EngineOf(d.ctx, d.SQL, n.Table)
		if err != nil {
			return err
		}
		switch {
		case engine == "":
			d.missing = append(d.missing, n.Table)
		case !strings.EqualFold(engine, "InnoDB") && n.Written():
			d.add(wpdb.KindEngine, true, fmt.Sprintf("Run: ALTER TABLE %s ENGINE=InnoDB;", d.FullName(n.Table)),
				"The table %s uses the engine %s, which has no transactions, so a failure could lose a code or leave half a token.", n.Table, engine)
		}
	}
	if err := d.forgetHidden(); err != nil {
		return err
	}
	return d.explainMissing()
}

// forgetHidden: a user without a privilege on a table does not see it in
// information_schema. If it sees others, that one is not missing, and privileges
// reports it.
func (d *diagnosis) forgetHidden() error {
	if len(d.present()) == 0 {
		return nil
	}
	var missing []string
	for _, table := range d.missing {
		_, err := d.SQL.ExecContext(d.ctx, "SELECT 1 FROM "+wpdb.QuoteName(table)+" WHERE FALSE")
		switch {
		case wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.ErrorNumber(err) == wpdb.ErrUnknownDatabase:
			missing = append(missing, table)
		case err != nil && !wpdb.Denied(err):
			return err
		}
	}
	d.missing = missing
	return nil
}

// explainMissing tells a wrong prefix from a plugin that was never active.
func (d *diagnosis) explainMissing() error {
	var missing []string // except those that only ID tokens need
	for _, n := range d.Tables.Needs() {
		if !n.IDTokens && slices.Contains(d.missing, n.Table) {
			missing = append(missing, n.Table)
		}
	}
	if slices.Contains(missing, d.Tables.Blogs) && !slices.Contains(missing, d.Tables.Options) {
		d.add(wpdb.KindMultisite, true, "Do not set multisite (or MULTISITE in wp-config.php): a single site needs no setting. If it is a network, restore its tables.",
			"WordPress is said to be a network of sites, but there is no table %s: it is a single site.", d.Tables.Blogs)
		missing = slices.DeleteFunc(missing, func(t string) bool { return t == d.Tables.Blogs || t == d.Tables.Sitemeta })
		if len(missing) == 0 {
			return nil
		}
	}
	if len(missing) == 0 {
		for _, table := range d.missing {
			d.add(wpdb.KindTableMissing, false, "Restore it, or deactivate and activate the plugin in wp-admin.",
				"The table %s is missing, so no answer has an ID token.", table)
		}
		return nil
	}
	prefixes, err := d.prefixes()
	if err != nil {
		return err
	}
	switch {
	case len(prefixes) > 0 && !slices.Contains(prefixes, d.Config.Prefix):
		d.add(wpdb.KindPrefix, true, fmt.Sprintf("Set table_prefix, or $table_prefix in wp-config.php, to the right one of: %s.", strings.Join(prefixes, ", ")),
			"There are no tables of the OAuth server plugin with the prefix %q.", d.Config.Prefix)
	case slices.Contains(missing, d.Tables.Options):
		d.add(wpdb.KindWordPressMissing, true, "Install WordPress, if that is not done yet; else compare DB_NAME and $table_prefix with wp-config.php: this may be another site's database, or the user may not read its tables.",
			"There is no WordPress with the prefix %q in the database %q.", d.Config.Prefix, d.Config.Name)
	case slices.Contains(missing, d.Tables.Clients):
		d.add(wpdb.KindPluginMissing, true, "Activate \"miniOrange OAuth 2.0 Server\" in wp-admin; it makes its tables then.",
			"The WordPress in the database %q has no tables of the OAuth server plugin.", d.Config.Name)
	case slices.Equal(missing, []string{d.Tables.Users}):
		d.add(wpdb.KindTableMissing, true, "Compare users_table, or CUSTOM_USER_TABLE in wp-config.php, with what WordPress uses.",
			"There is no table of users named %s.", d.Tables.Users)
	default:
		d.add(wpdb.KindTableMissing, true, "Restore them, or deactivate and activate the plugin in wp-admin.",
			"Tables are missing: %s.", strings.Join(missing, ", "))
	}
	return nil
}

// prefixes are all those with which the database has the plugin's tables.
func (d *diagnosis) prefixes() (prefixes []string, err error) {
	const suffix = "moos_oauth_clients"
	var names []string
	err = d.SQL.SelectContext(d.ctx, &names, "SELECT TABLE_NAME FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE ? ORDER BY TABLE_NAME", d.Config.Name, `%moos\_oauth\_clients`)
	for _, name := range names {
		prefixes = append(prefixes, strings.TrimSuffix(name, suffix))
	}
	return prefixes, err
}

// columns looks for columns that are not there.
func (d *diagnosis) columns() error {
	for _, n := range d.present() {
		for _, column := range n.Columns {
			_, err := d.SQL.ExecContext(d.ctx, fmt.Sprintf("SELECT `%s` FROM %s WHERE FALSE", column, wpdb.QuoteName(n.Table)))
			if wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn {
				d.add(wpdb.KindColumnMissing, true, "The table is not the plugin's, or damaged; restore it, or let the plugin make it anew.",
					"The table %s has no column %s.", n.Table, column)
			} else if err != nil && !wpdb.Denied(err) { // privileges has its own look
				return err
			}
		}
	}
	return nil
}

// present are the needs of those tables that are there.
func (d *diagnosis) present() []wpdb.Need {
	return slices.DeleteFunc(d.Tables.Needs(), func(n wpdb.Need) bool { return slices.Contains(d.missing, n.Table) })
}

// Engines looks for missing tables, which it returns, and for those that cannot roll
// back.
func Engines(ctx context.Context, db *wpdb.DB) (findings []wpdb.Finding, missing []string, err error) {
	d := &diagnosis{DB: db, ctx: ctx}
	err = d.engines()
	return d.findings, d.missing, err
}

// rotations tries the table of rotations. It may be missing.
func (d *diagnosis) rotations() error {
	if slices.Contains(d.missing, d.Tables.RefreshTokens) {
		return nil // it is another prefix, or no plugin
	}
	n := d.Tables.RotationNeeds()
	table, columns := wpdb.QuoteName(n.Table), strings.Join(n.Columns, ", ")
	for _, try := range []struct{ may, statement string }{
		{"SELECT", "SELECT " + columns + " FROM " + table + " WHERE FALSE"},
		{"INSERT or DELETE", "REPLACE INTO " + table + " (" + columns + ") SELECT '', '', 0, '', NOW() FROM (SELECT 1 AS one) AS o WHERE FALSE"},
	} {
		_, err := d.SQL.ExecContext(d.ctx, try.statement)
		switch {
		case err == nil:
		case wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable:
			return nil
		case wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn:
			d.add(wpdb.KindRotations, false, fmt.Sprintf("Run: DROP TABLE %s;\nThen run: %s", d.FullName(n.Table), d.Command("migrate")),
				"The table %s lacks columns, so replaced refresh tokens are not recorded.", n.Table)
			return nil
		case wpdb.Denied(err):
			// Without any privilege the error is the same if there is no such table.
			d.findings = append(d.findings, wpdb.Finding{Kind: wpdb.KindRotations, Advice: true, Remedy: d.RotationsRemedy(d.Account(d.ctx)),
				Problem: fmt.Sprintf("The user %q may not %s on the table %s, so replaced refresh tokens are not recorded.",
					d.Config.User, try.may, n.Table)})
			return nil
		case d.readOnly(), wpdb.ErrorNumber(err) == wpdb.ErrStatementBinlog: // privileges and binlog have their own looks
			return nil
		default:
			return err
		}
	}
	return nil
}
