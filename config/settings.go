package config

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"time"
)

// Settings is everything that an operator can set. The comments of setting
// lists say what each means.
type Settings struct {
	Listen        string
	SocketMode    fs.FileMode
	MetricsListen string // empty: nowhere

	WPConfig         string
	Host             string
	DBHost           string
	DBNetwork        string // of DBHost: "tcp" or "unix"
	DBAddress        string // of DBHost: host:port, or the path of a socket
	DBName           string
	DBUser           string
	DBPassword       string
	DBCharset        string
	DBTLS            string
	DBMaxConnections int
	TablePrefix      string
	UsersTable       string
	UsermetaTable    string
	Home             string
	Multisite        bool
	PluginFolder     string

	RotateRefreshTokens string
	RotationGrace       time.Duration
	OpenIDRefreshToken  string
	RevokeAccessTokens  string
	ErrorStatus         string
	ResourceSub         string

	PurgeAfter time.Duration

	RequestTimeout  time.Duration
	ShutdownTimeout time.Duration
	MaxBodyBytes    int
	MaxInFlight     int
	MaxConnections  int
	TrustedProxies  []netip.Prefix
	AuthFailures    int
	PHPUpstream     string
	SealKey         string // the secret that codes are sealed with; empty: they are not
	ProofKey        string // by which programs with the settings of one site recognize each other; empty: they cannot

	LogLevel  slog.Level
	LogFormat string

	// SiteFlags are the flags that identify the site, quoted for a shell, without a
	// password.
	SiteFlags string
}

// The values of settings that are a choice.
const (
	RotatePublic      = "public"         // rotate_refresh_tokens
	RotateAll         = "all"            // rotate_refresh_tokens
	RevokeGrant       = "grant"          // revoke_access_tokens
	RevokeAll         = "all"            // revoke_access_tokens
	RevokeNone        = "none"           // revoke_access_tokens
	OpenIDAlways      = "always"         // openid_refresh_token
	OpenIDOffline     = "offline_access" // openid_refresh_token
	ErrorStatusRFC    = "rfc6749"        // error_status
	ErrorStatus200    = "200"            // error_status
	SubNumber         = "number"         // resource_sub
	SubString         = "string"         // resource_sub
	LogText           = "text"           // log_format
	LogJSON           = "json"           // log_format
	configName        = "config"
	passwordName      = "db_password"
	passwordFileName  = "db_password_file"
	environmentPrefix = "MOSERVER_"
)

// charsets are MySQL's character sets in which no byte of a longer character can be taken
// for a quotation mark, so that values can be put into a statement.
func charsets() []string {
	return []string{
		"utf8mb4", "utf8mb3", "utf8", "latin1", "latin2", "latin5", "latin7", "ascii", "binary",
		"cp1250", "cp1251", "cp1256", "cp1257", "greek", "hebrew", "koi8r", "koi8u",
	}
}

// setting is one of the settings: its name, what it does in one line, its
// default, and how its text becomes a value. An empty text is always the same
// as not setting it.
type setting struct {
	name  string
	usage string
	value string
	parse func(text string) error
}

// list is all settings in the order in which they are shown.
func (s *Settings) list() []setting {
	return []setting{
		{"listen", "Where to listen: host:port, or unix:/path/of/a.sock.", "127.0.0.1:8089", listenAddress(&s.Listen)},
		{"socket_mode", "Permissions of the unix socket, octal. The web server's user must be able to write to it.", "0666", fileMode(&s.SocketMode)},
		{"metrics_listen", "Where Prometheus gets /metrics, and monitors /healthz: host:port, or unix:/path/of/a.sock. Empty: nowhere.", "", listenAddress(&s.MetricsListen)},

		{"wp_config", "WordPress's wp-config.php or its folder, which say where the database is; without it and db_name, the one of the working directory.", "", text(&s.WPConfig)},
		{"host", "Host name of the site's address, for a wp-config.php that asks which site is meant, such as Debian's.", "", text(&s.Host)},
		{"db_host", "The database as in DB_HOST: host, host:port, host:/path/of/a.sock or [::1]:port.", "localhost", text(&s.DBHost)},
		{"db_name", "Name of WordPress's database.", "", name(&s.DBName)},
		{"db_user", "User of the database.", "", name(&s.DBUser)},
		{passwordName, "Password of that user.", "", text(&s.DBPassword)},
		{passwordFileName, "A file that holds the password, instead of db_password.", "", text(new(string))},
		{"db_charset", "Character set that WordPress writes its tables through, as in DB_CHARSET.", "utf8mb4", choice(&s.DBCharset, charsets()...)},
		{"db_tls", "TLS to the database: off, preferred, skip-verify or on.", "off", choice(&s.DBTLS, "off", "preferred", "skip-verify", "on")},
		{"db_max_connections", "Most connections to the database.", "16", number(&s.DBMaxConnections, 1, 1000)},
		{"table_prefix", "WordPress's $table_prefix.", "wp_", tableName(&s.TablePrefix, false)},
		{"users_table", "Name of the users table, if not <prefix>users.", "", tableName(&s.UsersTable, true)},
		{"usermeta_table", "Name of the usermeta table, if not <prefix>usermeta.", "", tableName(&s.UsermetaTable, true)},
		{"home", "Address of the main site, as in WP_HOME, if not the option home. The issuer of ID tokens begins with it.", "", webAddress(&s.Home)},
		{"multisite", "Whether WordPress is a network of sites.", "false", boolean(&s.Multisite)},
		{"plugin_folder", "Name of the plugin's folder, if it was renamed; must-use if it is in mu-plugins, where it is always active.", "", text(&s.PluginFolder)},

		{"rotate_refresh_tokens", "Whose refresh tokens are replaced at each use: public (clients without a secret) or all.", RotatePublic, choice(&s.RotateRefreshTokens, RotatePublic, RotateAll)},
		{"rotation_grace", "How long a replaced refresh token still works, in case the answer was lost. 0: it never does.", "1m", duration(&s.RotationGrace, 0, time.Hour)},
		{"openid_refresh_token", "When a code with openid in its scope comes with a refresh token: always, or only with offline_access, as PHP does.", OpenIDAlways, choice(&s.OpenIDRefreshToken, OpenIDAlways, OpenIDOffline)},
		{"revoke_access_tokens", "Which access tokens end when a refresh token is revoked or replayed: those of its grant, all that the client has for that user (true means the same), or none (false).", RevokeGrant,
			trueOrFalse(choice(&s.RevokeAccessTokens, RevokeGrant, RevokeAll, RevokeNone), RevokeAll, RevokeNone)},
		{"error_status", "HTTP status of OAuth errors: rfc6749 (400 and 401), or 200 for a client that depends on what PHP does.", ErrorStatusRFC, choice(&s.ErrorStatus, ErrorStatusRFC, ErrorStatus200)},
		{"resource_sub", "Type of sub in /resource: number, as PHP has it, or string, as OpenID Connect libraries expect.", SubNumber, choice(&s.ResourceSub, SubNumber, SubString)},

		{"purge_after", "How long after its expiry a code or token is deleted, in days or hours. 0: serve deletes none.", "7d", span(&s.PurgeAfter, 2*time.Hour, 3650*24*time.Hour)},

		{"request_timeout", "How long a request waits for a database that is away before it gets 503.", "15s", duration(&s.RequestTimeout, time.Second, 5*time.Minute)},
		{"shutdown_timeout", "How long requests in flight may take to finish after SIGTERM.", "30s", duration(&s.ShutdownTimeout, 0, 10*time.Minute)},
		{"max_body_bytes", "Largest request body that is read.", "65536", number(&s.MaxBodyBytes, 1024, 16<<20)},
		{"max_in_flight", "How many requests may be with the database at once. More get 503.", "256", number(&s.MaxInFlight, 1, 1_000_000)},
		{"max_connections", "How many connections may be open: beyond that the longest idle one is closed, and if none is idle, requests get 503.", "1000", number(&s.MaxConnections, 1, 1_000_000)},
		{"trusted_proxies", "Networks whose X-Forwarded-For is believed; a unix socket always is.", "127.0.0.0/8, ::1/128", networks(&s.TrustedProxies)},
		{"auth_failures", "Failed authentications a minute for one address and client, before it gets 429. 0: no limit.", "60", number(&s.AuthFailures, 0, 1_000_000)},

		{"php_upstream", "Where WordPress itself answers, without this server in between: http://127.0.0.1:8088 or unix:/path/of/a.sock. It gets what this server does not answer; empty: nothing is passed on.", "", upstreamAddress(&s.PHPUpstream)},
		{sealKeyFileName, "A file of 32 bytes or more whose secret codes are sealed with while php_upstream is set, instead of wp-config.php's keys and salts.", "", text(new(string))},

		{"log_level", "What is logged: debug, info, warn or error.", "info", logLevel(&s.LogLevel)},
		{"log_format", "Form of the log: text or json.", LogText, choice(&s.LogFormat, LogText, LogJSON)},
	}
}
