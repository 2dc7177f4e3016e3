// Package store keeps clients, codes and tokens for the protocol: oauth.Store on the
// plugin's own tables.
package store

import (
	"context"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

var _ oauth.Store = (*Store)(nil)

// Store is an oauth.Store on WordPress's database. It is safe for concurrent use,
// and any number of processes may work on one database.
type Store struct {
	db         *wpdb.DB
	statements statements
	rotations  *availability // of the table of rotations
	indexes    *indexWatch   // of codes and tokens
	gathering  *gathering    // of access tokens to be stored
}

// New returns a Store on db, which must not have been used yet. Closing the Store
// closes db.
func New(db *wpdb.DB) *Store {
	s := newStore(db)
	db.Prepare(worthPreparing(s.statements, db.Config)...)
	return s
}

func newStore(db *wpdb.DB) *Store {
	return &Store{db: db, statements: newStatements(db.Tables), rotations: new(availability), indexes: newIndexWatch(), gathering: new(gathering)}
}

// Close closes the connections. No method may be called after it.
func (s *Store) Close() error {
	s.indexes.stop()
	return s.db.Close()
}

// Retire closes the connections that are not used, and those that are as soon as they
// are not. After a while all are closed, and no method may be called any more.
func (s *Store) Retire(after time.Duration) {
	s.indexes.stop()
	s.db.Retire(after)
}

// Ready implements oauth.Store: the database answers and the plugin's tables are
// there.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }
