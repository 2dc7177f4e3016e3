package wpdb

// Finding is something that is wrong with the database: what, and what to do
// about it, in one sentence each.
type Finding struct {
	Kind    Kind   `json:"id"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	Fatal   bool   `json:"fatal"` // no token can be issued while it is so
	Advice  bool   `json:"-"`     // everything works; only Examine tells of such
}

// String is the finding as a line for people.
func (f Finding) String() string { return f.Problem + " " + f.Remedy }

// Kind tells findings apart, by a name that stays the same whatever the sentences
// say. docs/findings.md has what each is about.
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
	KindPluginInactive    Kind = "plugin-inactive"
	KindMultisite         Kind = "multisite"
	KindRotations         Kind = "rotations-unusable"
	KindClientDuplicate   Kind = "client-duplicate"
	KindSecretsUnreadable Kind = "secret-unreadable"
	KindKeyUnreadable     Kind = "key-unreadable"
	KindKeyShort          Kind = "key-short"
	KindKeyAlgorithm      Kind = "key-algorithm"
	KindKeysSeveral       Kind = "key-several"
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
	KindConnections         Kind = "connections"
	KindTimeZone            Kind = "time-zone"
)

// What keeps Migrate from making a change.
const (
	KindChangeBlocking Kind = "change-blocking"
	KindChangeGalera   Kind = "change-galera"
	KindChangeRefused  Kind = "change-refused"
	KindChangeStopped  Kind = "change-stopped"
	KindChangeLocked   Kind = "change-locked"
	KindNameTaken      Kind = "name-taken"
)

// Kinds is all of them.
func Kinds() []Kind {
	return []Kind{
		KindSettings, KindAway, KindAccessDenied, KindDatabaseMissing, KindPrefix, KindWordPressMissing, KindPluginMissing,
		KindTableMissing, KindColumnMissing, KindEngine, KindPrivilegeMissing, KindReadOnly, KindBinlog, KindPrimaryKeys,
		KindClock, KindSwitchedOff, KindRotations, KindClientDuplicate, KindSecretsUnreadable, KindKeyUnreadable, KindKeyShort,
		KindKeyAlgorithm, KindKeysSeveral,
		KindIndexMissing, KindRotationsMissing, KindRowsExpired, KindRowsAtEnd, KindLifetime, KindExpiresColumn,
		KindIDTokenColumn, KindPluginInactive, KindMultisite, KindBlogMissing, KindClientAlike, KindSecretsPlain,
		KindKeySecret, KindKeyWeak, KindKeyCommon, KindKeyShared, KindPrivilegesWide, KindPrivilegesUnchecked, KindFlush,
		KindConnections, KindTimeZone,
		KindChangeBlocking, KindChangeGalera, KindChangeRefused, KindChangeStopped, KindChangeLocked, KindNameTaken,
	}
}
