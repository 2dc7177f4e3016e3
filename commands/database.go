package commands

import (
	"context"
	"errors"
	"log/slog"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// openDatabase opens the database that the settings name. It does not connect yet.
func openDatabase(s config.Settings, log *slog.Logger) (*wpdb.DB, error) {
	return wpdb.Open(databaseOf(s), log)
}

// databaseOf is what the settings say of the database.
func databaseOf(s config.Settings) wpdb.Config {
	return wpdb.Config{
		Network: s.DBNetwork, Address: s.DBAddress, User: s.DBUser, Password: s.DBPassword, Name: s.DBName,
		Charset: s.DBCharset, TLS: s.DBTLS, MaxConnections: s.DBMaxConnections,
		Prefix: s.TablePrefix, UsersTable: s.UsersTable, UsermetaTable: s.UsermetaTable, Multisite: s.Multisite,
		Home: s.Home, PluginFolder: s.PluginFolder, Flags: s.SiteFlags,
	}
}

// openQuiet is openDatabase for a command that says itself what goes wrong.
func openQuiet(s config.Settings) (*wpdb.DB, error) {
	return openDatabase(s, slog.New(slog.DiscardHandler))
}

// openReady is openDatabase for a command that has no use for a database which
// cannot be used now: it prints all that is wrong with one.
func openReady(ctx context.Context, s config.Settings) (*wpdb.DB, error) {
	db, err := openDatabase(s, newLogger(s))
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, diagnoseTimeout)
	defer cancel()
	if err := db.Ready(ready); err == nil {
		return db, nil
	}
	db.Close()
	findings := checkDatabase(s)
	if len(findings) == 0 { // it has just come back
		return nil, errors.New("the database did not answer; try again")
	}
	complain(findings)
	return nil, errFailed
}

// knowsDatabase says if the settings, whatever is wrong with others of them, tell
// where the database is.
func knowsDatabase(s config.Settings) bool { return s.DBName != "" && s.DBAddress != "" }
