// Package config gathers the settings of the server. Each has one name, which
// is a flag (--db-host), an environment variable (MOSERVER_DB_HOST) and a key
// of the YAML file (db_host); the first of these that sets it counts, then what
// wp-config.php says, then the default.
package config
