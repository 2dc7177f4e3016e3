// Package migrate adds the indexes that the plugin's tables lack and the server's own
// tables, and takes them away again.
package migrate

import (
	"context"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

// Options is what Run is asked for. The zero value adds the indexes and
// the server's own tables, where that makes nobody wait.
type Options struct {
	DryRun     bool // only say what there is to do
	Undo       bool // take away what was added
	PrimaryKey bool // give the plugin's tables that are empty an invisible primary key
	Galera     bool // go on where a Galera cluster stops all writes meanwhile
	Blocking   bool // go on where writers of a big table wait meanwhile
	UserIndex  bool // also the index that oauth.Policy's RevokeAccessTokens asks for

	Watch func(Progress) // told about once a second of a statement that runs; may be nil
	Ended func(Change)   // told of each change when it is over; may be nil
}

// Progress is how far a statement has come.
type Progress struct {
	Change  Change
	Elapsed time.Duration
	Percent float64 // of the stage that it is in; negative where the server does not say
}

// The states of a change.
const (
	ChangePlanned = "planned" // to be done
	ChangeThere   = "there"   // nothing to do: it is so already
	ChangeDone    = "done"
	ChangeRefused = "refused" // not done; its finding says why
)

// Change is one thing that Run adds or takes away.
type Change struct {
	Table      string        `json:"table"`
	Name       string        `json:"name"` // for people, such as "index moserver_access_token"
	State      string        `json:"state"`
	Statements []string      `json:"statements,omitempty"` // SQL without semicolons, in its order
	Note       string        `json:"note,omitempty"`       // a sentence on how it was done
	Finding    *wpdb.Finding `json:"finding,omitempty"`    // why it was refused

	blocking  string            // what to run where the server cannot do it online; empty: there is no such thing
	privilege string            // what its statements need
	settled   func(layout) bool // whether a table is as the change wants it
	emptyOnly bool              // it may be done only while the table has no row
}

// Migration is what Run has found and done.
type Migration struct {
	Session  []string       `json:"session"` // the statements that prepare the session
	Changes  []Change       `json:"changes"`
	Findings []wpdb.Finding `json:"findings"` // what keeps all of it from being done; then nothing was
}

// Complete says if the database is as it was asked to be.
func (m Migration) Complete() bool {
	for _, c := range m.Changes {
		if c.State != ChangeDone && c.State != ChangeThere {
			return false
		}
	}
	return len(m.Findings) == 0
}

// Run adds to the plugin's tables the indexes that keep each statement from
// reading whole tables, and makes the tables of the server's own; or, with Undo,
// takes all of that away again. The plugin's own statements go on as before. Each
// change is a statement by itself, so it may be stopped at any moment,
// repeated, and run by several processes at once.
//
// The error is for a database that does not answer, for a connection that was
// lost, and for the end of ctx; the statement that runs then is stopped on the
// server first, and leaves nothing behind.
func Run(ctx context.Context, db *wpdb.DB, o Options) (Migration, error) {
	m, err := newMigrator(ctx, db, o)
	if err != nil {
		findings, err := doctor.Unreachable(db, err)
		return Migration{Findings: findings}, err
	}
	defer m.close()
	if err := m.plan(ctx); err != nil {
		return m.Migration, wpdb.Outcome(ctx, err)
	}
	if o.DryRun || len(m.Findings) > 0 {
		return m.Migration, nil
	}
	for i := range m.Changes {
		if m.Changes[i].State != ChangePlanned {
			continue
		}
		if err := m.apply(ctx, &m.Changes[i]); err != nil {
			return m.Migration, wpdb.Outcome(ctx, err)
		}
		if o.Ended != nil {
			o.Ended(m.Changes[i])
		}
	}
	return m.Migration, nil
}
