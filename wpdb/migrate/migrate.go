// Package migrate adds the indexes that the plugin's tables lack and the server's own
// tables, and takes them away again.
package migrate

import (
	"context"
	"slices"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

// Options says what Run should do. The zero value adds the indexes and the server's
// own tables, where no writer has to wait for that.
type Options struct {
	DryRun    bool // only plan
	Undo      bool // remove what was added
	Galera    bool // go on where a Galera cluster stops all writes meanwhile
	Blocking  bool // go on where writers of a big table wait meanwhile
	UserIndex bool // also add the index for oauth.Policy's RevokeAccessTokens

	Watch func(Progress) // told about once a second of a statement that runs; may be nil
	Ended func(Change)   // told of each change when it has ended; may be nil
}

// Progress is how far a statement is.
type Progress struct {
	Change  Change
	Elapsed time.Duration
	Percent float64 // of the stage that it is in; negative where the server does not say
}

// The states of a change.
const (
	ChangePlanned = "planned"
	ChangeThere   = "there" // nothing to do: it is so already
	ChangeDone    = "done"
	ChangeRefused = "refused" // not done; its finding says why
)

// Change is one thing that Run adds or removes.
type Change struct {
	Table      string        `json:"table"`
	Name       string        `json:"name"` // for people, such as "index moserver_access_token"
	State      string        `json:"state"`
	Statements []string      `json:"statements,omitempty"` // SQL without a semicolon; one at most
	Note       string        `json:"note,omitempty"`       // a sentence on how it was done
	Finding    *wpdb.Finding `json:"finding,omitempty"`    // why it was refused

	blocking  string            // what to run where the server cannot do it online; empty: there is no such thing
	privilege string            // what its statement needs
	settled   func(layout) bool // whether a table is as the change wants it
}

// Migration is what Run has found and done.
type Migration struct {
	Session  []string       `json:"session"` // the statements that prepare the session
	Changes  []Change       `json:"changes"`
	Findings []wpdb.Finding `json:"findings"` // what prevents all changes; then none was made
}

// Complete reports whether the database is as Run should make it.
func (m Migration) Complete() bool {
	open := func(c Change) bool { return c.State != ChangeDone && c.State != ChangeThere }
	return len(m.Findings) == 0 && !slices.ContainsFunc(m.Changes, open)
}

// Run adds to the plugin's tables the indexes that keep each statement from
// reading whole tables, and creates the server's own tables; or, with Undo, removes
// all of that. The plugin's own statements go on as before. Each change is a
// statement by itself, so Run may be stopped at any moment, repeated, and run by
// several processes at once.
//
// It returns an error if the database does not answer, the connection is lost or ctx
// ends; the running statement is then stopped on the server, and leaves nothing
// behind.
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
