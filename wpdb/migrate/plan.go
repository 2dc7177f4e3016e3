package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

const (
	keyColumn = wpdb.OwnName + "id" // of the invisible primary key

	online = ", ALGORITHM=INPLACE, LOCK=NONE"
	// lockTables ends a list of privileges.
	lockTables = ", LOCK TABLES"
	// readable makes the server refuse what would keep readers out too.
	readable = ", LOCK=SHARED"
)

// plan looks at the tables, and gathers the changes and what stands against them.
func (m *migrator) plan(ctx context.Context) error {
	layouts, err := m.look(ctx)
	if err != nil || len(m.Findings) > 0 {
		return err
	}
	if m.options.Undo {
		err = m.planUndo(ctx, layouts)
	} else {
		err = m.planTables(ctx)
		m.planIndexes(layouts)
		m.planKeys(layouts)
	}
	planned := slices.ContainsFunc(m.Changes, func(c Change) bool { return c.State == ChangePlanned })
	if m.galera && planned && !m.options.Galera {
		m.find(wpdb.KindChangeGalera, "On a Galera cluster each of these statements stops all writes on all nodes for some seconds.",
			"Run it again with --galera at a quiet hour; reads go on, and requests wait meanwhile.")
	}
	return err
}

func (m *migrator) find(kind wpdb.Kind, problem, remedy string) {
	m.Findings = append(m.Findings, wpdb.Finding{Kind: kind, Problem: problem, Remedy: remedy, Fatal: true})
}

// look looks at the plugin's tables. One that only ID tokens need may be missing.
func (m *migrator) look(ctx context.Context) (map[string]layout, error) {
	findings, missing, err := doctor.Engines(ctx, m.DB)
	if err != nil {
		return nil, err
	}
	for _, f := range findings {
		if f.Fatal && !m.options.Undo {
			m.Findings = append(m.Findings, f)
		}
	}
	layouts := map[string]layout{}
	for _, table := range m.pluginTables() {
		if slices.Contains(missing, table) {
			continue
		}
		l, err := m.layout(ctx, table)
		if wpdb.Denied(err) {
			m.find(wpdb.KindPrivilegeMissing, fmt.Sprintf("The user %q may not look at the table %s.", m.Config.User, table), m.grantRemedy("SELECT, ALTER", table))
			continue
		} else if err != nil {
			return nil, err
		}
		layouts[table] = l
		m.refuseEngine(table, l.engine)
	}
	return layouts, nil
}

// refuseEngine: other engines than InnoDB copy a table to change it, and keep
// everybody out meanwhile. Of a table that the server writes to engines has said so.
func (m *migrator) refuseEngine(table, engine string) {
	said := slices.ContainsFunc(m.Tables.Needs(), func(n wpdb.Need) bool { return n.Table == table && n.Written() })
	if !m.options.Undo && !said && !strings.EqualFold(engine, "InnoDB") {
		m.find(wpdb.KindEngine, fmt.Sprintf("The table %s is kept by the engine %s, which cannot add an index while the table is in use.", table, engine),
			fmt.Sprintf("Run: ALTER TABLE %s ENGINE=InnoDB;", m.FullName(table)))
	}
}

// pluginTables are those that Run may change.
func (m *migrator) pluginTables() []string {
	t := m.Tables
	return []string{t.Clients, t.Keys, t.Codes, t.AccessTokens, t.RefreshTokens}
}

// propose adds a change, in the state that the table is in.
func (m *migrator) propose(l layout, c Change) {
	c.State = ChangePlanned
	if c.settled(l) {
		c.State, c.Statements = ChangeThere, nil
	}
	m.Changes = append(m.Changes, c)
}

// planTables: an account that may not see a table makes it again, which is
// harmless.
func (m *migrator) planTables(ctx context.Context) error {
	for _, table := range m.Tables.Own() {
		engine, err := m.EngineOf(ctx, m.conn, table.Name)
		if err != nil {
			return err
		}
		m.propose(layout{engine: engine}, Change{
			Table: table.Name, Name: "table", Statements: []string{table.Create}, privilege: "CREATE",
			settled: func(l layout) bool { return l.engine != "" },
		})
	}
	return nil
}

func (m *migrator) planIndexes(layouts map[string]layout) {
	for _, at := range m.Tables.Lookups(m.options.UserIndex) {
		l, there := layouts[at.Table]
		if !there {
			continue
		}
		name := wpdb.OwnName + at.Column
		alter := fmt.Sprintf("ALTER TABLE %s ADD INDEX `%s` (%s)", wpdb.QuoteName(at.Table), name, l.keyPart(at.Column))
		m.propose(l, Change{
			Table: at.Table, Name: "index " + name, privilege: "ALTER",
			Statements: []string{alter + online}, blocking: alter + readable,
			settled: func(l layout) bool { return l.indexed(at.Column) },
		})
	}
}

// planKeys: a key is for clusters that demand one. A server numbers the rows that
// are there in an order of its own, so that replicas would take one row for another:
// only an empty table may get one.
func (m *migrator) planKeys(layouts map[string]layout) {
	if !m.options.PrimaryKey {
		return
	}
	for _, table := range m.pluginTables() {
		l, there := layouts[table]
		if !there {
			continue
		}
		statements := []string{fmt.Sprintf(
			"ALTER TABLE %s ADD COLUMN `%s` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY", wpdb.QuoteName(table), keyColumn)}
		if !m.galera { // which has no such lock
			statements = []string{"LOCK TABLES " + wpdb.QuoteName(table) + " WRITE", statements[0], "UNLOCK TABLES"}
		}
		m.propose(l, Change{
			Table: table, Name: "primary key " + keyColumn, privilege: "SELECT, ALTER" + lockTables,
			Statements: statements, emptyOnly: true,
			settled: func(l layout) bool { return l.has("PRIMARY") },
		})
	}
}

// planUndo takes away what carries the server's name, and nothing else.
func (m *migrator) planUndo(ctx context.Context, layouts map[string]layout) error {
	for _, table := range m.pluginTables() {
		l := layouts[table]
		for _, index := range l.indexes {
			if strings.HasPrefix(index.Name, wpdb.OwnName) {
				alter := fmt.Sprintf("ALTER TABLE %s DROP INDEX `%s`", wpdb.QuoteName(table), index.Name)
				m.propose(l, Change{
					Table: table, Name: "index " + index.Name, privilege: "ALTER",
					Statements: []string{alter + online}, blocking: alter + readable,
					settled: func(l layout) bool { return !l.has(index.Name) },
				})
			}
		}
		if _, there := l.columns[keyColumn]; there {
			drop := dropKey(table)
			m.propose(l, Change{
				Table: table, Name: "primary key " + keyColumn, privilege: "ALTER",
				Statements: []string{drop}, blocking: drop,
				settled: func(l layout) bool { return l.columns[keyColumn] == "" },
			})
		}
	}
	for _, table := range m.Tables.Own() {
		engine, err := m.EngineOf(ctx, m.conn, table.Name)
		if err != nil {
			return err
		}
		m.propose(layout{engine: engine}, Change{
			Table: table.Name, Name: "table", Statements: []string{"DROP TABLE IF EXISTS " + wpdb.QuoteName(table.Name)}, privilege: "DROP",
			settled: func(l layout) bool { return l.engine == "" },
		})
	}
	return nil
}

// dropKey takes a key away, which no server can do online.
func dropKey(table string) string {
	return fmt.Sprintf("ALTER TABLE %s DROP COLUMN `%s`%s", wpdb.QuoteName(table), keyColumn, readable)
}
