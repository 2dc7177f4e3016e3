// Package store keeps clients, codes and tokens for the protocol: oauth.Store on the
// plugin's own tables.
package store

import (
	"context"
	"sync"
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
	together   *availability // of several statements in one round trip
	batches    *availability // of transactions that carry several redemptions
	openID     openIDClients
	finds      map[oauth.Kind]*reads
	bearers    *reads
	identities map[bool]*reads // whether there is a code
	rotated    *reads
	families   *reads
	inserts    *gatherer[oauth.Token, struct{}] // of access tokens
	redeeming  map[oauth.Kind]*gatherer[redemption, bool]
	watch      func() // begins to look for indexes, once
	unwatch    func()

	// Gathered, if it is set before the first request, is told how many requests share
	// each statement of a kind: "find", "bearer", "identity", "rotation", "family",
	// "insert" or "redeem". It must be safe for concurrent use.
	Gathered func(kind string, requests int)
}

// New returns a Store on db, which must not have been used yet. Closing the Store
// closes db.
func New(db *wpdb.DB) *Store {
	s := newStore(db)
	db.Prepare(worthPreparing(s.statements)...)
	return s
}

func newStore(db *wpdb.DB) *Store {
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{db: db, statements: newStatements(db.Tables), finds: map[oauth.Kind]*reads{},
		redeeming: map[oauth.Kind]*gatherer[redemption, bool]{},
		rotations: new(availability), together: new(availability), batches: new(availability),
		watch: sync.OnceFunc(func() { go watchIndexes(ctx, db) }), unwatch: stop}
	for kind, plain := range s.statements.find {
		s.finds[kind] = s.newReads("find", plain, s.statements.findOpenID[kind], 0, 1)
	}
	s.finds[""].takes = []int{0}
	s.bearers = s.newReads("bearer", s.statements.bearer, sizes{}, 0)
	s.identities = map[bool]*reads{false: s.newIdentities(s.statements.identify[false], 0, 1),
		true: s.newIdentities(s.statements.identify[true], 0, 1, 2)}
	s.rotated = s.newReads("rotation", s.statements.rotation, sizes{}, 0)
	s.rotated.note = s.noteRotations
	s.families = s.newReads("family", s.statements.family, sizes{}, 0, 0, 0, 1, 0, 0, 0, 1)
	s.inserts = &gatherer[oauth.Token, struct{}]{most: maxInserted, patience: gatherPatience,
		run: s.insertGathered, observe: s.gathered("insert")}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken} {
		s.redeeming[kind] = &gatherer[redemption, bool]{most: maxRedeemed, patience: gatherPatience,
			run: s.redeemTogether, observe: s.gathered("redeem")}
	}
	return s
}

// gathered tells Gathered of the statements of a kind.
func (s *Store) gathered(kind string) func(int) {
	return func(requests int) {
		if s.Gathered != nil {
			s.Gathered(kind, requests)
		}
	}
}

// Close closes the connections. No method may be called after it.
func (s *Store) Close() error {
	s.unwatch()
	return s.db.Close()
}

// Retire closes idle connections now and each other one when it becomes idle; after a
// while all are closed, and no method may be called any more.
func (s *Store) Retire(after time.Duration) {
	s.unwatch()
	s.db.Retire(after)
}

// Ready implements oauth.Store: the database answers and has the plugin's tables.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

const (
	// indexInterval is how often the indexes are looked for: what migrate, in another
	// process, has added or taken away counts that soon.
	indexInterval = 30 * time.Second
	// lookAgain is how soon they are looked for again after a failure.
	lookAgain = 2 * time.Second
)

// Scans implements oauth.Store. The first call begins to look for the indexes, now
// and again until Close.
func (s *Store) Scans(kind oauth.Kind) bool {
	s.watch()
	return s.db.Scans(kind)
}

func watchIndexes(ctx context.Context, db *wpdb.DB) {
	for known := db.IndexesKnown(); ; known = false {
		pause := indexInterval
		if !known {
			limited, cancel := context.WithTimeout(ctx, wpdb.IOTimeout)
			if _, err := db.Unindexed(limited); err != nil { // a database that is away keeps its indexes
				pause = lookAgain
			}
			cancel()
		}
		if !wpdb.Sleep(ctx, pause) {
			return
		}
	}
}
