package commands

import (
	"fmt"
	"io"
	"strings"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// printGrants prints the SQL for an account of least privilege. It asks no database.
func printGrants(w io.Writer, settings config.Settings, problems []config.Problem) error {
	if err := refuse(problems); err != nil {
		return err
	}
	db, err := openQuiet(settings)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = io.WriteString(w, grants(db))
	return err
}

// grants is a script for an administrator's client: all of it may be pasted at once.
func grants(db *wpdb.DB) string {
	host := db.Config.AccountHost()
	account := wpdb.QuoteAccount(wpdb.AccountName, host)
	var b strings.Builder
	b.WriteString(`-- An account for moserver-sidecar that can do what serve, check, doctor, purge and
-- tokens need, and nothing else. Put in a password, such as "openssl rand -hex 24"
-- prints, run this as an administrator of the database, and then name the account in
-- the settings: db_user, and db_password_file.
`)
	if host == "%" {
		b.WriteString("-- % is any host; better put this machine's there, as the database sees it.\n")
	}
	for _, statement := range db.LeastPrivilege(host) {
		fmt.Fprintln(&b, statement)
	}
	if db.Tables.Blogs != "" {
		fmt.Fprintf(&b, `-- For each other site of the network that has clients, with its number (doctor lists
-- them all):
-- GRANT SELECT ON %s TO %s;
`, db.FullName(db.Config.BlogOptions(2)), account)
	}
	b.WriteString(`-- Only migrate needs more. Let it use an administrator's account this once (--db-user
-- root --db-password-file FILE), or lend it these, for --undo with DROP in place of
-- CREATE, and REVOKE them afterwards:
`)
	for _, n := range db.Tables.MigrationNeeds() {
		fmt.Fprintf(&b, "-- GRANT %s ON %s TO %s;\n", n.Privileges, db.FullName(n.Table), account)
	}
	return b.String()
}
