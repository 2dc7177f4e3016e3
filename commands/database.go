package commands

import (
	"context"
	"errors"
	"log/slog"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// openDatabase opens the database of the settings. It does not connect yet.
func openDatabase(s config.Settings, log *slog.Logger) (*wpdb.DB, error) {
	return wpdb.Open(databaseOf(s), log)
}

// databaseOf is the part of the settings that is about the database.
func databaseOf(s config.Settings) wpdb.Config {
	return wpdb.Config{
		Network: s.DBNetwork, Address: s.DBAddress, User: s.DBUser, Password: s.DBPassword, Name: s.DBName,
		Charset: s.DBCharset, TLS: s.DBTLS, MaxConnections: s.DBMaxConnections,
		Prefix: s.TablePrefix, UsersTable: s.UsersTable, UsermetaTable: s.UsermetaTable, Multisite: s.Multisite,
		Home: s.Home, PluginFolder: s.PluginFolder, Flags: s.SiteFlags,
	}
}

// openQuiet is openDatabase for a command that reports errors itself.
func openQuiet(s config.Settings) (*wpdb.DB, error) {
	return openDatabase(s, slog.New(slog.DiscardHandler))
}

// openReady is openDatabase for a command that needs the database now. If it cannot be
// used, it prints all that is wrong with it.
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
	if ctx.Err() != nil { // Ctrl-C
		return nil, ctx.Err()
	}
	if err := refuse(checkDatabase(ctx, s)); err != nil {
		return nil, err
	}
	return nil, errors.New("the database did not answer; try again") // it has just come back
}

// withDatabase runs do on the database of the settings, until a signal.
func withDatabase(s config.Settings, do func(context.Context, *wpdb.DB) error) error {
	ctx, stop := untilSignal()
	defer stop()
	db, err := openQuiet(s)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(ctx, db)
}

// knowsDatabase reports whether the settings name a database, even if other settings are
// wrong.
func knowsDatabase(s config.Settings) bool { return s.DBName != "" && s.DBAddress != "" }
