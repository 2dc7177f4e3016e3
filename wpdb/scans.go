package wpdb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"moserver-sidecar/oauth"
)

// indexInterval is how often the indexes are looked for: what migrate, in another
// process, has added or taken away counts that soon.
const indexInterval = 30 * time.Second

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
		ctx, cancel := context.WithTimeout(s.indexes.ctx, ioTimeout)
		_ = s.lookForIndexes(ctx) // a database that is away keeps its indexes
		cancel()
		select {
		case <-s.indexes.ctx.Done():
			return
		case <-time.After(indexInterval):
		}
	}
}

func (s *Store) lookForIndexes(ctx context.Context) error {
	known := map[oauth.Kind]bool{}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, column := s.tables.kindTable(kind)
		indexes, err := usableIndexes(ctx, s.db, table)
		if err != nil {
			return err
		}
		known[kind] = indexOn(indexes, column) != ""
	}
	s.indexes.known.Store(&known)
	return nil
}

// indexSeconds is about how long migrate takes to add an index to a million rows.
const indexSeconds = 4

// Unindexed says which tables of codes and tokens have no index to find one by, and
// what migrate would do about it; empty if all have one.
func (s *Store) Unindexed(ctx context.Context) (problem, remedy string, err error) {
	if err := s.lookForIndexes(ctx); err != nil {
		return "", "", unavailable(err)
	}
	var tables []string
	seconds := int64(0)
	for kind, indexed := range *s.indexes.known.Load() {
		if indexed {
			continue
		}
		table, _ := s.tables.kindTable(kind)
		schema, name := s.config.split(table)
		list, err := selectRows(ctx, s.db, "SELECT COALESCE(TABLE_ROWS, 0) AS estimate FROM information_schema.TABLES "+
			"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, name)
		if err != nil {
			return "", "", unavailable(err)
		}
		rows := int64(0)
		if len(list) > 0 {
			rows = list[0].integer("estimate")
		}
		seconds += 2 * indexSeconds * rows / 1_000_000 // by token, and by expires
		tables = append(tables, fmt.Sprintf("%s (about %d rows)", table, rows))
	}
	if len(tables) == 0 {
		return "", "", nil
	}
	return "Each request reads whole tables, because these have no index: " + strings.Join(tables, ", ") +
			". Until they have one, requests without a secret are answered one or two at a time.",
		fmt.Sprintf("Run: moserver-sidecar migrate. It adds the indexes while everything goes on, within about %d s for tables of this size.", seconds+1), nil
}
