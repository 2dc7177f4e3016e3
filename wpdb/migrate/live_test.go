package migrate_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/wpdb/migrate"
)

// Two migrations at once do no harm.
func TestMigrateTwice(t *testing.T) {
	s := newSite(t, database)
	s.fill(20_000)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if m, err := migrate.Run(within(t, 2*patience), s.reopen(nil).DB, migrate.Options{}); err != nil || !m.Complete() {
				t.Errorf("%v\n%s", err, text(m))
			}
		})
	}
	group.Wait()
	s.wantIndexes()
	for _, table := range pluginTables() {
		if n := strings.Count(s.schema()[s.Prefix+"moos_oauth_"+table], "KEY `moserver_"); n > 2 {
			t.Errorf("%s has %d indexes", table, n)
		}
	}
}

// A transaction that holds a table is waited for, with pauses in which others get
// at the table.
func TestMigrateWaits(t *testing.T) {
	s := newSite(t, database)
	s.fill(100)
	other := s.Session()
	s.On(other, "BEGIN", "SELECT * FROM {}moos_oauth_clients")
	done := make(chan migrate.Migration, 1)
	go func() {
		m, err := migrate.Run(within(t, 2*patience), s.DB, migrate.Options{})
		if err != nil {
			t.Error(err)
		}
		done <- m
	}()
	s.awaitProcess("Waiting for table metadata lock")
	s.Exec("INSERT INTO {}moos_oauth_clients (client_id) VALUES ('new')") // gets its turn
	s.On(other, "COMMIT")
	if m := <-done; !m.Complete() {
		t.Errorf("%s", text(m))
	}
}

// awaitProcess waits until a statement on the site's tables is in a state.
func (s *site) awaitProcess(state string) {
	s.T.Helper()
	eventually(s.T, "a statement is in the state "+state, func() bool { return s.processes("STATE LIKE '"+state+"%'") > 0 })
}

// processes counts the statements that change the site's tables.
func (s *site) processes(condition string) int {
	s.T.Helper()
	return s.Ints("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE `{}%' AND " + condition)[0]
}

// Interrupted while it waits and while it works, it leaves nothing behind.
func TestMigrateInterrupted(t *testing.T) {
	s := newSite(t, database)
	s.fill(100)
	before := s.schema()
	other := s.Session()
	s.On(other, "BEGIN", "SELECT * FROM {}moos_oauth_clients")
	s.interrupt("Waiting for table metadata lock", nil)
	s.On(other, "COMMIT")
	s.migrate(migrate.Options{Undo: true}) // the server's own table was made before
	s.wantSame(before)
	s.migrate(migrate.Options{})
	s.wantIndexes()
}

func TestMigrateInterruptedAtWork(t *testing.T) {
	s := newSite(t, database)
	s.fill(100_000)
	before := s.schema()
	s.interrupt("", func() { s.migrate(migrate.Options{Undo: true}) })
	s.migrate(migrate.Options{Undo: true})
	s.wantSame(before)
	s.migrate(migrate.Options{})
	s.wantIndexes()
}

// interrupt ends a migration when a statement of it is in a state. On a fast
// machine the statement may be over too early; it is then tried again.
func (s *site) interrupt(state string, again func()) {
	s.T.Helper()
	for range 20 {
		ctx, cancel := context.WithCancel(within(s.T, 2*patience))
		done := make(chan error, 1)
		go func() {
			_, err := migrate.Run(ctx, s.DB, migrate.Options{})
			done <- err
		}()
		s.awaitProcess(state)
		cancel()
		err := <-done
		left := s.schema()
		eventually(s.T, "no statement goes on", func() bool { return s.processes("TRUE") == 0 })
		s.wantSame(left)
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil || again == nil {
			s.T.Fatalf("Migrate returned %v", err)
		}
		again()
	}
	s.T.Fatal("the migration was never interrupted")
}
