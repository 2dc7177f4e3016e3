package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// redemption is a code or token to be taken, and the tokens to be stored in its place.
type redemption struct {
	taken  oauth.Presented
	tokens []oauth.Token
}

var (
	begin  = statement{text: "START TRANSACTION"}
	commit = statement{text: "COMMIT"}
)

// maxRedeemed is how many redemptions share a transaction.
const maxRedeemed = 32

// Redeem implements oauth.Store. Where single rows can be locked it shares a transaction
// with others of the same moment.
func (s *Store) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	if err := fit(tokens); err != nil {
		return err
	}
	r := redemption{p, tokens}
	w := &wpdb.Write{DB: s.db, Tokens: tokens, Whole: true}
	if ctx.Err() == nil && s.gathers(p.Kind) {
		won, err := s.redeeming[p.Kind].ask(ctx, r)
		if err == nil && (won || s.db.Synced() == s.db) {
			s.db.Succeeded()
			if !won {
				return oauth.ErrNotFound
			}
			return nil
		}
		w.NoteOutcome(err)
	}
	return s.db.Again(ctx, func() error {
		err := s.redeemAlone(ctx, w, r)
		if w.DB == s.db && errors.Is(err, oauth.ErrNotFound) && s.db.Synced() != s.db {
			// The connection may lead to a node that does not have the row yet.
			w.DB = s.db.Synced()
			err = s.redeemAlone(ctx, w, r)
		}
		return err
	})
}

// gathers reports whether redemptions of a kind share transactions, as far as Scans has
// looked for the index without which the lock would be on the whole table.
func (s *Store) gathers(kind oauth.Kind) bool {
	return s.redeeming[kind] != nil && s.db.LockingIndex(kind) != "" && s.together.expected() && s.batches.expected()
}

// redeemAlone tries a redemption once, in two round trips where the server takes several
// statements at a time. The DELETE is the gate: no other process gets the rows that it has
// removed. A node of a Galera cluster gets each statement by itself: if the cluster ends
// the transaction between two that were sent together, the node loses the error, and
// carries out and commits what follows on its own.
func (s *Store) redeemAlone(ctx context.Context, w *wpdb.Write, r redemption) error {
	remove := statement{text: s.statements.remove[r.taken.Kind], args: []any{wpdb.Comparand(r.taken.Value)}}
	together := s.together.expected()
	w.Work = func(ctx context.Context, db wpdb.Session) error {
		together = together && !s.db.Galera()
		n, err := removed(ctx, db, together, begin, remove)
		if err != nil {
			return err
		}
		if n == 0 {
			return oauth.ErrNotFound
		}
		return s.complete(ctx, db, w, together, nil, []redemption{r})
	}
	err := w.Try(ctx)
	if together && slices.Contains(separately(), wpdb.ErrorNumber(err)) {
		if oneByOne(err) {
			s.together.missing()
		}
		together = false
		err = w.Try(ctx)
	}
	return err
}

// complete is the second half of a transaction whose rows are this process's: it takes
// them away, if that has not been done, stores what comes in their place, and commits.
func (s *Store) complete(ctx context.Context, db wpdb.Session, w *wpdb.Write, together bool, remove []statement, done []redemption) error {
	var tokens []oauth.Token
	for _, r := range done {
		tokens = append(tokens, r.tokens...)
	}
	records := s.records(done)
	_, err := send(ctx, db, together, slices.Concat(remove, s.storing(tokens), records, []statement{commit})...)
	w.NoteOutcome(err)
	if err == nil && together && len(records) > 0 {
		s.rotations.there()
	}
	return err
}

// oneByOne reports whether a server, or a proxy before it, does not take several
// statements at a time.
func oneByOne(err error) bool { return slices.Contains(oneByOneErrors(), wpdb.ErrorNumber(err)) }

func oneByOneErrors() []uint16 { return []uint16{wpdb.ErrSyntax, wpdb.ErrOneStatement} }

// separately are the errors of statements sent together that may not be errors of the
// same statements sent one by one: those of oneByOne, and those that noteRotations swallows.
func separately() []uint16 {
	return append(oneByOneErrors(), wpdb.ErrNoSuchTable, wpdb.ErrTableDenied, wpdb.ErrColumnDenied, wpdb.ErrUnknownColumn)
}

// redeemTogether redeems all of a batch of one kind that are there, in one transaction
// and two round trips, and reports which were; or it fails for all. One SELECT locks the
// rows, and is the gate. It waits for nobody: a row that is locked, by PHP or by another
// process, would hold up the whole batch. Each is then tried alone, and waits alone.
// A batch of one needs no lock before its DELETE.
func (s *Store) redeemTogether(ctx context.Context, batch []redemption) (won []bool, err error) {
	if len(batch) == 1 {
		err = s.redeemAlone(ctx, &wpdb.Write{DB: s.db, Tokens: batch[0].tokens, Whole: true}, batch[0])
		if errors.Is(err, oauth.ErrNotFound) {
			return []bool{false}, nil
		}
		return []bool{true}, err
	}
	w := &wpdb.Write{DB: s.db, Whole: true}
	w.Work = func(ctx context.Context, db wpdb.Session) error {
		together := !s.db.Galera()
		there, err := s.lock(ctx, db, together, batch)
		if err != nil {
			return err
		}
		var winners []redemption
		won = make([]bool, len(batch))
		for i, r := range batch {
			if won[i] = there[r.taken.Value]; won[i] {
				delete(there, r.taken.Value) // another one who presents it has lost
				winners = append(winners, r)
			}
		}
		if len(winners) == 0 {
			return oauth.ErrNotFound
		}
		return s.complete(ctx, db, w, together, []statement{s.taking(takeLocked, winners)}, winners)
	}
	if err = w.Try(ctx); errors.Is(err, oauth.ErrNotFound) {
		return make([]bool, len(batch)), nil
	}
	return won, err
}

// lock begins a transaction, and locks the rows of a batch that are there.
func (s *Store) lock(ctx context.Context, db wpdb.Session, together bool, batch []redemption) (there map[string]bool, err error) {
	there = map[string]bool{}
	rows := s.taking(lockRows, batch)
	if together {
		rows = joined([]statement{begin, rows})
	} else if _, err := send(ctx, db, false, begin); err != nil {
		return nil, err
	}
	err = wpdb.EachRow(ctx, db, rows.text, rows.args, func(r wpdb.Row) { there[r.Text("value")] = true })
	if wpdb.FaultOf(err) == wpdb.FaultLasting && wpdb.ErrorNumber(err) != 0 {
		s.batches.missing() // an older server does not know NOWAIT, for one
	}
	return there, err
}

// Without FORCE INDEX the server would read a small table as a whole, and meet rows that
// are none of the batch's business. If the index is gone, the statements fail.
const (
	lockRows   = "SELECT CAST(`%[1]s` AS BINARY) AS value FROM `%[2]s` AS g FORCE INDEX (%[3]s) WHERE `%[1]s` IN (%[4]s) FOR UPDATE NOWAIT"
	takeLocked = "DELETE g FROM `%[2]s` AS g FORCE INDEX (%[3]s) WHERE `%[1]s` IN (%[4]s)"
)

// taking is a statement on the rows of a batch.
func (s *Store) taking(format string, batch []redemption) (one statement) {
	kind := batch[0].taken.Kind
	table, column := s.db.Tables.KindTable(kind)
	for _, r := range batch {
		one.args = append(one.args, wpdb.Comparand(r.taken.Value))
	}
	values := strings.Repeat(", CAST(? AS BINARY)", len(batch))[2:]
	one.text = fmt.Sprintf(format, column, table, s.db.LockingIndex(kind), values)
	return one
}
