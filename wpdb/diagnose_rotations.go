package wpdb

import (
	"fmt"
	"slices"
	"strings"
)

// rotationNeeds is what the server uses of the table of rotations, if there is
// one.
func (t tables) rotationNeeds() need {
	columns := []string{"token_hash", "client_id", "user_id", "successor", "rotated"}
	return need{table: t.rotated, columns: columns, privileges: "SELECT, INSERT, DELETE"}
}

// rotationsRemedy is what to do about a table of rotations that cannot be used. A
// user without any privilege on it is not told whether there is one.
func (s *Store) rotationsRemedy(account string) string {
	n := s.tables.rotationNeeds()
	return fmt.Sprintf("If there is no such table, run: %s\n%s", s.command("migrate"), s.grantTo(account, n.privileges, n.table))
}

// rotations tries the table of rotations. That there is none is no problem.
func (d *diagnosis) rotations() error {
	if slices.Contains(d.missing, d.tables.refreshTokens) {
		return nil // it is another prefix, or no plugin
	}
	n := d.tables.rotationNeeds()
	table, columns := quoteName(n.table), strings.Join(n.columns, ", ")
	for _, try := range []struct{ may, statement string }{
		{"SELECT", "SELECT " + columns + " FROM " + table + " WHERE FALSE"},
		{"INSERT or DELETE", "REPLACE INTO " + table + " (" + columns + ") SELECT '', '', 0, '', NOW() FROM (SELECT 1 AS one) AS o WHERE FALSE"},
	} {
		_, err := d.db.ExecContext(d.ctx, try.statement)
		switch {
		case err == nil:
		case number(err) == errNoSuchTable:
			return nil
		case number(err) == errUnknownColumn:
			d.add(KindRotations, false, fmt.Sprintf("Run: DROP TABLE %s;\nThen run: %s", d.fullName(n.table), d.command("migrate")),
				"The table %s lacks columns, so replaced refresh tokens are not put on record.", n.table)
			return nil
		case denied(err):
			// A user who may do nothing with it is refused in the same words where
			// there is no such table, and that is no problem.
			d.findings = append(d.findings, Finding{Kind: KindRotations, Advice: true, Remedy: d.rotationsRemedy(d.account(d.ctx)),
				Problem: fmt.Sprintf("The user %q may not %s on the table %s, so replaced refresh tokens are not put on record.",
					d.config.User, try.may, n.table)})
			return nil
		case d.readOnly(), number(err) == errStatementBinlog: // privileges and binlog have their own looks
			return nil
		default:
			return err
		}
	}
	return nil
}
