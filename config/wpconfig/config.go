package wpconfig

// The names of the settings, which are the keys of Config.Found. The constants
// are those of wp-config-sample.php and of WordPress's is_multisite();
// $table_prefix is a PHP variable and keeps its dollar sign.
const (
	DBName           = "DB_NAME"
	DBUser           = "DB_USER"
	DBPassword       = "DB_PASSWORD"
	DBHost           = "DB_HOST"
	DBCharset        = "DB_CHARSET"
	TablePrefix      = "$table_prefix"
	Multisite        = "MULTISITE"
	SubdomainInstall = "SUBDOMAIN_INSTALL"
	VHost            = "VHOST"
	Sunrise          = "SUNRISE"
	CustomUserTable  = "CUSTOM_USER_TABLE"
	CustomUserMeta   = "CUSTOM_USER_META_TABLE"
	WPHome           = "WP_HOME"
)

// Config is what a wp-config.php says of the database. A field whose setting
// is not in Found has its zero value.
type Config struct {
	DBName     string // DB_NAME
	DBUser     string // DB_USER
	DBPassword string // DB_PASSWORD
	DBHost     string // DB_HOST as written; ParseHost takes it apart
	DBCharset  string // DB_CHARSET

	TablePrefix string // $table_prefix

	// Multisite is what WordPress's is_multisite() would answer: MULTISITE
	// if it is defined, else whether SUBDOMAIN_INSTALL, VHOST or SUNRISE is.
	Multisite bool

	CustomUserTable string // CUSTOM_USER_TABLE
	CustomUserMeta  string // CUSTOM_USER_META_TABLE
	WPHome          string // WP_HOME; one that is made of the request is not in Found

	// Salts are AUTH_KEY, SECURE_AUTH_KEY, LOGGED_IN_KEY, NONCE_KEY, AUTH_SALT,
	// SECURE_AUTH_SALT, LOGGED_IN_SALT and NONCE_SALT, in this order. One that is
	// not defined, or whose value is not known, is "" and no Problem. They are
	// secrets, and they may be the placeholders of wp-config-sample.php.
	Salts []string

	// Found says where each setting was set whose value is known. The keys
	// are this package's constants, such as DBName, and the names of the salts.
	Found map[string]Position
}

// Position is a line of a file, counted from 1. File is the path given to Read,
// the path of an included file, or, for code that came out of the environment,
// the name of the variable.
type Position struct {
	File string
	Line int
}

// Env is how a file reads its surroundings. Without Getenv, or without the
// functions for files, it is as the operating system has it.
type Env struct {
	// Getenv looks up an environment variable, as os.LookupEnv does.
	Getenv func(name string) (value string, set bool)
	// Host is the host name that a web request would ask for, if it is known.
	Host string

	// ReadFile reads a whole file, as os.ReadFile does. Its errors are told
	// apart by fs.ErrNotExist and fs.ErrPermission.
	ReadFile func(path string) ([]byte, error)
	// Exists is nil for a path where something is, and else an error as
	// ReadFile's.
	Exists func(path string) error
	// Realpath resolves the symbolic links of a path, as PHP does for
	// __DIR__ and __FILE__. A path it refuses is used unchanged.
	Realpath func(path string) (string, error)
}

// Read reads the wp-config.php at path and the files it includes, up to the
// wp-settings.php that ends every wp-config.php. Every setting that WordPress
// cannot do without (DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, $table_prefix) is
// either in Found or the subject of a Problem, unless a Problem says that the
// file as a whole cannot be read. The settings that are given, by this package's
// constants, are known from elsewhere: nothing about them is a Problem.
func Read(path string, env Env, given ...string) (Config, []Problem) {
	return newReader(path, env.withDefaults()).readAll(given)
}

func (r *reader) readAll(given []string) (Config, []Problem) {
	if r.readMain() {
		for _, name := range given {
			r.forgive(name)
		}
		r.reportMissing(given)
	}
	return r.config(), r.report()
}

// SettingNames are this program's settings that a wp-config.php has, by its
// names.
func SettingNames() map[string]string {
	return map[string]string{
		DBName: "db_name", DBUser: "db_user", DBPassword: "db_password", DBHost: "db_host",
		DBCharset: "db_charset", TablePrefix: "table_prefix", Multisite: "multisite",
		CustomUserTable: "users_table", CustomUserMeta: "usermeta_table", WPHome: "home",
	}
}

// config gathers the settings from what the files defined.
func (r *reader) config() Config {
	c := Config{Found: map[string]Position{}}
	text := func(name string) string {
		k, ok := r.known(name)
		if !ok {
			return ""
		}
		c.Found[name] = k.at
		return k.val.text()
	}
	c.DBName, c.DBUser, c.DBPassword = text(DBName), text(DBUser), text(DBPassword)
	c.DBHost, c.DBCharset = text(DBHost), text(DBCharset)
	c.TablePrefix, c.CustomUserTable = text(TablePrefix), text(CustomUserTable)
	c.CustomUserMeta, c.WPHome = text(CustomUserMeta), text(WPHome)
	for _, suffix := range []string{"_KEY", "_SALT"} {
		for _, scheme := range []string{"AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"} {
			c.Salts = append(c.Salts, text(scheme+suffix))
		}
	}
	c.Multisite = r.multisite(c.Found)
	return c
}

// multisite follows is_multisite() in wp-includes/load.php: MULTISITE decides
// where it is defined; of the others it only matters that they are.
func (r *reader) multisite(found map[string]Position) bool {
	implied := false
	for _, name := range []string{SubdomainInstall, VHost, Sunrise} {
		if k, ok := r.known(name); ok {
			found[name], implied = k.at, true
		}
	}
	if k, ok := r.known(Multisite); ok {
		found[Multisite] = k.at
		return k.val.truth() == yes
	}
	return implied
}
