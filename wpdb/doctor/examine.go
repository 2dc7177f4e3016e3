// Package doctor looks for what keeps the server from working on the database, and for
// what could be better. It only reads.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/wpdb"
)

// Facts describes a database, as far as the account may read. The names of its JSON
// members are stable; what could not be read is null or empty.
type Facts struct {
	Server    ServerFacts    `json:"server"`
	WordPress WordPressFacts `json:"wordpress"`
	Plugin    PluginFacts    `json:"plugin"`
	Database  string         `json:"database"`
	Account   string         `json:"account"` // as CURRENT_USER() has it
	Prefix    string         `json:"prefix"`
	Clients   *ClientFacts   `json:"clients"`
	Tables    []TableFacts   `json:"tables"`
	// LeastPrivilege is the statements that create an account with no more privileges
	// than the server needs.
	LeastPrivilege []string `json:"least_privilege"`
	Notes          []string `json:"notes"` // sentences that need no action
}

// ServerFacts describes the database server.
type ServerFacts struct {
	Kind             string  `json:"kind"`    // MariaDB, MySQL, Percona Server
	Version          string  `json:"version"` // as VERSION() has it
	Galera           bool    `json:"galera"`
	GroupReplication bool    `json:"group_replication"`
	TimeZone         string  `json:"time_zone"`          // of the session
	UTCOffsetSeconds int     `json:"utc_offset_seconds"` // of that zone, now
	SummerTime       bool    `json:"summer_time"`        // whether that zone has it
	ClockDifference  float64 `json:"clock_difference_seconds"`
	MaxConnections   int     `json:"max_connections"`
}

// WordPressFacts describes WordPress.
type WordPressFacts struct {
	Version      string `json:"version"`       // that it last looked for updates with; empty: not on record
	VersionRange string `json:"version_range"` // those that have this db_version, such as "6.5 to 6.6"
	DBVersion    int64  `json:"db_version"`    // 0: unknown
	Multisite    bool   `json:"multisite"`
	Blogs        *int   `json:"blogs"` // of a network
}

// PluginFacts describes the plugin.
type PluginFacts struct {
	Version      string `json:"version"`       // that WordPress last looked for updates with; empty: not on record
	VersionRange string `json:"version_range"` // what its columns and options tell, such as "5 or later"
	Active       *bool  `json:"active"`
}

// ClientFacts counts the clients.
type ClientFacts struct {
	Total        int `json:"total"`
	Confidential int `json:"confidential"`
	Public       int `json:"public"`
	MCP          int `json:"mcp"` // that registered themselves
}

// ErrCannotLook is wrapped by the errors of Examine.
var ErrCannotLook = errors.New("the database could not be looked at")

// Examine looks for what Diagnose does and for what could be better. It only reads,
// and waits neither for locks nor for long counts. purgeAfter is tokens.PurgeOptions'
// After, 0 if nothing is purged. It calls progress before each step.
//
// An error wraps ErrCannotLook and comes with what was found until then.
func Examine(ctx context.Context, db *wpdb.DB, purgeAfter time.Duration, progress func(step string)) (Facts, []wpdb.Finding, error) {
	if err := db.SQL.PingContext(ctx); err != nil {
		refused, err := Unreachable(db, err)
		if len(refused) > 0 {
			err = errors.New(refused[0].String())
		}
		return Facts{}, nil, fmt.Errorf("%w: %w", ErrCannotLook, err)
	}
	e := &examination{diagnosis: diagnosis{DB: db, ctx: ctx}, purgeAfter: purgeAfter, progress: progress}
	e.facts = Facts{Database: db.Config.Name, Prefix: db.Config.Prefix, Tables: []TableFacts{}, Notes: []string{}}
	if err := e.run(); err != nil {
		return e.facts, e.findings, fmt.Errorf("%w: %s", ErrCannotLook, wpdb.Describe(err))
	}
	return e.facts, e.findings, nil
}

// examination is a diagnosis with facts and advice.
type examination struct {
	diagnosis
	purgeAfter time.Duration
	progress   func(step string)
	facts      Facts

	options    wpdb.Options           // of the main blog; nil: they cannot be read
	blogs      map[int64]wpdb.Options // options by blog, of those that have clients
	blogTables []string               // the tables of the options of other blogs than the main one
}

func (e *examination) run() error {
	for _, step := range []struct {
		name string
		look func() error
	}{
		{"looking for what keeps the server from working", e.diagnosis.run},
		{"looking at the database server", e.server},
		{"looking at its clock and time zone", e.time},
		{"looking at WordPress and the plugin", e.site},
		{"looking at the tables", e.describeTables},
		{"looking at the columns", e.columnTypes},
		{"looking for indexes", e.indexes},
		{"looking at the clients and their keys", e.clients},
		{"looking at the privileges", e.grants},
		{"counting", e.rows},
		{"comparing the tables with InnoDB's settings", e.innodb},
	} {
		e.progress(step.name)
		if err := step.look(); err != nil {
			return err
		}
	}
	return nil
}

// advise notes what could be better.
func (e *examination) advise(kind wpdb.Kind, remedy, problem string, args ...any) {
	e.findings = append(e.findings, wpdb.Finding{Kind: kind, Problem: fmt.Sprintf(problem, args...), Remedy: remedy, Advice: true})
}

func (e *examination) note(sentence string, args ...any) {
	if note := fmt.Sprintf(sentence, args...); !slices.Contains(e.facts.Notes, note) {
		e.facts.Notes = append(e.facts.Notes, note)
	}
}

// there reports whether a table is not missing.
func (e *examination) there(table string) bool { return !slices.Contains(e.missing, table) }

// read runs a query for facts. What the account may not read becomes a note; what is
// not there leaves rows empty. ok is whether it could be read.
func (e *examination) read(table, query string, args ...any) (rows []wpdb.Row, ok bool, err error) {
	rows, err = e.query(query, args...)
	switch {
	case wpdb.Denied(err):
		e.note("The user %q may not read %s, so it was not looked at.", e.Config.User, table)
		return nil, false, nil
	case wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable, wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn:
		return nil, false, nil
	}
	return rows, err == nil, err
}

// query runs a query.
func (e *examination) query(query string, args ...any) ([]wpdb.Row, error) {
	return wpdb.SelectRows(e.ctx, e.SQL, query, args...)
}

// quoteIDs lists client ids. They are not secret, but may hold any character.
func quoteIDs(ids []string) string {
	const most = 5
	var quoted []string
	for _, id := range ids[:min(len(ids), most)] {
		quoted = append(quoted, fmt.Sprintf("%.80q", id))
	}
	if more := len(ids) - most; more > 0 {
		quoted = append(quoted, fmt.Sprintf("%d more", more))
	}
	return strings.Join(quoted, ", ")
}
