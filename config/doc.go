// Package config gathers the server's settings. Each has one name as a flag (--db-host),
// an environment variable (MOSERVER_DB_HOST) and a key of the YAML file (db_host). Flags
// override the environment, which overrides the file, which overrides wp-config.php and
// the default.
package config
