package store

import (
	"context"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"sync"
	"sync/atomic"
	"time"
)

// indexInterval is how often the indexes are looked for: what migrate, in another
// process, has added or taken away counts that soon.
const indexInterval = 30 * time.Second

// lookAgain is how soon they are looked for again after a failure.
const lookAgain = 2 * time.Second

// indexWatch knows which columns of codes and tokens have an index.
type indexWatch struct {
	start sync.Once
	ctx   context.Context // ends with stop
	stop  context.CancelFunc
	known atomic.Pointer[map[oauth.Kind]bool] // nil: nobody has looked yet
}

func newIndexWatch() *indexWatch {
	w := &indexWatch{}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// Scans implements oauth.Store. The first call begins to look for the indexes, now
// and again until Close.
func (s *Store) Scans(kind oauth.Kind) bool {
	s.indexes.start.Do(func() { go s.watchIndexes() })
	known := s.indexes.known.Load()
	return known == nil || !(*known)[kind]
}

func (s *Store) watchIndexes() {
	for {
		ctx, cancel := context.WithTimeout(s.indexes.ctx, wpdb.IOTimeout)
		pause := indexInterval
		if s.lookForIndexes(ctx) != nil { // a database that is away keeps its indexes
			pause = lookAgain
		}
		cancel()
		select {
		case <-s.indexes.ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (s *Store) lookForIndexes(ctx context.Context) error {
	known := map[oauth.Kind]bool{}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, column := s.db.Tables.KindTable(kind)
		indexes, err := wpdb.UsableIndexes(ctx, s.db.SQL, table)
		if err != nil {
			return err
		}
		known[kind] = wpdb.IndexOn(indexes, column) != ""
	}
	s.indexes.known.Store(&known)
	return nil
}
