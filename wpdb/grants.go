package wpdb

import (
	"fmt"
	"strings"
)

// The account of LeastPrivilege.
const (
	// AccountName is its user.
	AccountName = "moserver"
	// PasswordPlace stands where a person puts the password.
	PasswordPlace = "PUT A PASSWORD HERE"
)

// AccountHost is the host of an account that connects from this machine, as far as the
// address of the database tells: % is any.
func (c Config) AccountHost() string {
	host, _, _ := strings.Cut(c.Address, ":")
	if c.Network == "unix" || host == "localhost" || strings.HasPrefix(host, "127.") || strings.HasPrefix(c.Address, "[::1]") {
		return "localhost"
	}
	return "%"
}

// LeastPrivilege is the statements that create an account for serve, doctor, purge and
// tokens, with no more privileges than they need. blogOptions are the tables of options
// of the other blogs that have clients.
func (db *DB) LeastPrivilege(host string, blogOptions ...string) []string {
	account := QuoteAccount(AccountName, host)
	statements := []string{fmt.Sprintf("CREATE USER %s IDENTIFIED BY '%s';", account, PasswordPlace)}
	for _, n := range db.Granted(blogOptions...) {
		privileges := n.Privileges
		if n.Table == db.Tables.Rotated { // privileges on a missing table can be granted only together with CREATE
			privileges += ", CREATE"
		}
		statements = append(statements, fmt.Sprintf("GRANT %s ON %s TO %s;", privileges, db.FullName(n.Table), account))
	}
	return append(statements, fmt.Sprintf("REVOKE CREATE ON %s FROM %s;", db.FullName(db.Tables.Rotated), account))
}

// Granted is all that the server needs, its own table included, which need not be there
// yet. blogOptions are as for LeastPrivilege.
func (db *DB) Granted(blogOptions ...string) []Need {
	needs := db.Tables.Needs()
	for _, table := range blogOptions {
		needs = append(needs, Need{Table: table, Privileges: "SELECT"})
	}
	return append(needs, db.Tables.RotationNeeds())
}

// MigrationNeeds is what migrate needs beyond LeastPrivilege, and with Undo: DROP in
// place of CREATE.
func (t Tables) MigrationNeeds() (needs []Need) {
	for _, table := range t.OfPlugin() {
		needs = append(needs, Need{Table: table, Privileges: "ALTER"})
	}
	for _, table := range t.Own() {
		needs = append(needs, Need{Table: table.Name, Privileges: "CREATE"})
	}
	return needs
}
