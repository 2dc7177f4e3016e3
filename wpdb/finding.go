package wpdb

import (
	"context"
	"fmt"
	"strings"
)

// Finding is a problem of the database and its remedy, in one sentence each.
type Finding struct {
	Kind    Kind   `json:"id"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	Fatal   bool   `json:"fatal"` // no token can be issued
	Advice  bool   `json:"-"`     // everything works; only doctor reports it
}

// Note reports whether nothing need be done: every site is like that at first.
func (f Finding) Note() bool {
	return f.Kind == KindPrivilegesWide || f.Kind == KindIDTokenColumn || f.Kind == KindUpstreamOff || f.Kind == KindRouteUnknown
}

// Command is a command of this program for this site, to be pasted.
func (db *DB) Command(words string) string {
	return strings.TrimSpace("moserver-sidecar " + words + " " + db.Config.Flags)
}

// Account is the account that the server uses, as in a GRANT; … if it is unknown.
func (db *DB) Account(ctx context.Context) string {
	var account string
	err := db.SQL.GetContext(ctx, &account, "SELECT CURRENT_USER()")
	at := strings.LastIndex(account, "@")
	if err != nil || at <= 0 {
		return "…"
	}
	return QuoteAccount(account[:at], account[at+1:])
}

// QuoteAccount quotes an account for a GRANT.
func QuoteAccount(user, host string) string {
	quote := strings.NewReplacer("'", "''", `\`, `\\`)
	return "'" + quote.Replace(user) + "'@'" + quote.Replace(host) + "'"
}

// GrantTo is the GRANT to run for an account.
func (db *DB) GrantTo(account, privileges, table string) string {
	return fmt.Sprintf("As an administrator of the database run: GRANT %s ON %s TO %s;", privileges, db.FullName(table), account)
}

// FullName is a table with its database, quoted for SQL.
func (db *DB) FullName(table string) string {
	schema, name := db.Config.Split(table)
	return "`" + strings.ReplaceAll(schema, "`", "``") + "`.`" + name + "`"
}

// String is the finding as a line for people.
func (f Finding) String() string { return f.Problem + " " + f.Remedy }

// Kind is the stable id of a kind of findings; docs/findings.md explains each.
type Kind string

// What keeps the server from working, or parts of it.
const (
	KindSettings          Kind = "settings-unusable"
	KindAway              Kind = "database-away"
	KindAccessDenied      Kind = "access-denied"
	KindDatabaseMissing   Kind = "database-missing"
	KindPrefix            Kind = "prefix-wrong"
	KindWordPressMissing  Kind = "wordpress-missing"
	KindPluginMissing     Kind = "plugin-missing"
	KindTableMissing      Kind = "table-missing"
	KindColumnMissing     Kind = "column-missing"
	KindEngine            Kind = "engine"
	KindPrivilegeMissing  Kind = "privilege-missing"
	KindReadOnly          Kind = "read-only"
	KindBinlog            Kind = "binlog-statement"
	KindPrimaryKeys       Kind = "primary-key-demanded"
	KindClock             Kind = "clock"
	KindSwitchedOff       Kind = "switched-off"
	KindPaidEdition       Kind = "paid-edition"
	KindColumnsUnknown    Kind = "columns-unknown"
	KindPluginInactive    Kind = "plugin-inactive"
	KindMultisite         Kind = "multisite"
	KindRotations         Kind = "rotations-unusable"
	KindClientDuplicate   Kind = "client-duplicate"
	KindSecretsUnreadable Kind = "secret-unreadable"
	KindKeyUnreadable     Kind = "key-unreadable"
	KindKeyShort          Kind = "key-short"
	KindKeyAlgorithm      Kind = "key-algorithm"
	KindKeysSeveral       Kind = "key-several"
	KindUpstream          Kind = "upstream-unusable"
	KindRouteSplit        Kind = "route-split"
	KindRouteClosed       Kind = "route-closed"
	KindRouteUnreachable  Kind = "route-unreachable"
	KindRouteDown         Kind = "route-down"
	KindRouteBlocked      Kind = "route-blocked"
	KindRouteRedirect     Kind = "route-redirect"
	KindRouteCached       Kind = "route-cached"
	KindRouteOther        Kind = "route-other"
)

// What could be better although the server works.
const (
	KindIndexMissing        Kind = "index-missing"
	KindRotationsMissing    Kind = "rotations-missing"
	KindRowsExpired         Kind = "rows-expired"
	KindRowsAtEnd           Kind = "rows-at-end"
	KindLifetime            Kind = "lifetime"
	KindExpiresColumn       Kind = "column-expires"
	KindIDTokenColumn       Kind = "column-id-token"
	KindBlogMissing         Kind = "blog-missing"
	KindClientAlike         Kind = "client-alike"
	KindSecretsPlain        Kind = "secret-plain"
	KindKeySecret           Kind = "key-secret"
	KindKeyWeak             Kind = "key-weak"
	KindKeyCommon           Kind = "key-common"
	KindKeyShared           Kind = "key-shared"
	KindPrivilegesWide      Kind = "privileges-wide"
	KindPrivilegesUnchecked Kind = "privileges-unchecked"
	KindFlush               Kind = "flush-lazy"
	KindSplitBrain          Kind = "split-brain"
	KindBufferPool          Kind = "buffer-pool-small"
	KindFlushNeighbors      Kind = "flush-neighbors"
	KindRedoLog             Kind = "redo-log-small"
	KindConnections         Kind = "connections"
	KindTimeZone            Kind = "time-zone"
	KindUpstreamOff         Kind = "upstream-off"
	KindRoutePHP            Kind = "route-php"
	KindRouteUnknown        Kind = "route-unknown"
	KindRouteAddress        Kind = "route-address"
)

// What keeps migrate from making a change.
const (
	KindChangeBlocking Kind = "change-blocking"
	KindChangeGalera   Kind = "change-galera"
	KindChangeRefused  Kind = "change-refused"
	KindChangeStopped  Kind = "change-stopped"
	KindChangeLocked   Kind = "change-locked"
	KindNameTaken      Kind = "name-taken"
)

// Kinds lists all of them.
func Kinds() []Kind {
	return []Kind{
		KindSettings, KindAway, KindAccessDenied, KindDatabaseMissing, KindPrefix, KindWordPressMissing, KindPluginMissing,
		KindTableMissing, KindColumnMissing, KindEngine, KindPrivilegeMissing, KindReadOnly, KindBinlog, KindPrimaryKeys,
		KindClock, KindSwitchedOff, KindPaidEdition, KindColumnsUnknown, KindPluginInactive, KindMultisite, KindRotations,
		KindClientDuplicate, KindSecretsUnreadable, KindKeyUnreadable, KindKeyShort, KindKeyAlgorithm, KindKeysSeveral, KindUpstream,
		KindRouteSplit, KindRouteClosed, KindRouteUnreachable, KindRouteDown, KindRouteBlocked, KindRouteRedirect, KindRouteCached, KindRouteOther,
		KindIndexMissing, KindRotationsMissing, KindRowsExpired, KindRowsAtEnd, KindLifetime, KindExpiresColumn,
		KindIDTokenColumn, KindBlogMissing, KindClientAlike, KindSecretsPlain, KindKeySecret, KindKeyWeak, KindKeyCommon,
		KindKeyShared, KindPrivilegesWide, KindPrivilegesUnchecked, KindFlush, KindSplitBrain, KindBufferPool, KindFlushNeighbors, KindRedoLog,
		KindConnections, KindTimeZone, KindUpstreamOff, KindRoutePHP, KindRouteUnknown, KindRouteAddress,
		KindChangeBlocking, KindChangeGalera, KindChangeRefused, KindChangeStopped, KindChangeLocked, KindNameTaken,
	}
}
