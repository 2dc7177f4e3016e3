package doctor

import (
	"fmt"
	"slices"
	"strings"

	"moserver-sidecar/wpdb"
)

// rotations tries the table of rotations. That there is none is no problem.
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
			// A user who may do nothing with it is refused in the same words where
			// there is no such table, and that is no problem.
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
