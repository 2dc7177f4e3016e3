package migrate

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

const (
	online = ", ALGORITHM=INPLACE, LOCK=NONE"
	// readable makes the server refuse what would keep readers out too.
	readable = ", LOCK=SHARED"
)

// plan looks at the tables, and gathers the changes and what stands against them.
func (m *migrator) plan(ctx context.Context) error {
	layouts, err := m.layouts(ctx)
	if err != nil || len(m.Findings) > 0 {
		return err
	}
	if m.options.Undo {
		m.planUndo(layouts)
		err = m.planTables(ctx)
	} else {
		err = m.planTables(ctx)
		m.planIndexes(layouts)
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

// layouts looks at the plugin's tables. One that only ID tokens need may be missing.
func (m *migrator) layouts(ctx context.Context) (map[string]layout, error) {
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
	for _, table := range m.Tables.OfPlugin() {
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

// refuseEngine: other engines than InnoDB copy a table to change it, and lock
// everyone out meanwhile. Engines has reported the tables that the server writes to.
func (m *migrator) refuseEngine(table, engine string) {
	reported := slices.ContainsFunc(m.Tables.Needs(), func(n wpdb.Need) bool { return n.Table == table && n.Written() })
	if !m.options.Undo && !reported && !strings.EqualFold(engine, "InnoDB") {
		m.find(wpdb.KindEngine, fmt.Sprintf("The table %s uses the engine %s, which cannot add an index while the table is in use.", table, engine),
			fmt.Sprintf("Run: ALTER TABLE %s ENGINE=InnoDB;", m.FullName(table)))
	}
}

// propose adds a change, in the state that the table is in.
func (m *migrator) propose(l layout, c Change) {
	c.State = ChangePlanned
	if c.settled(l) {
		c.State, c.Statements = ChangeThere, nil
	}
	m.Changes = append(m.Changes, c)
}

// planTables adds the server's own tables or drops them. An account that may not see
// a table creates it again, which is harmless.
func (m *migrator) planTables(ctx context.Context) error {
	for _, table := range m.Tables.Own() {
		engine, err := m.EngineOf(ctx, m.conn, table.Name)
		if err != nil {
			return err
		}
		c := Change{Table: table.Name, Name: "table", Statements: []string{table.Create}, privilege: "CREATE",
			settled: func(l layout) bool { return l.engine != "" }}
		if m.options.Undo {
			c.Statements, c.privilege = []string{"DROP TABLE IF EXISTS " + wpdb.QuoteName(table.Name)}, "DROP"
			c.settled = func(l layout) bool { return l.engine == "" }
		}
		m.propose(layout{engine: engine}, c)
	}
	return nil
}

func (m *migrator) planIndexes(layouts map[string]layout) {
	for _, at := range m.Tables.Lookups(m.options.UserIndex) {
		if l, there := layouts[at.Table]; there {
			name := wpdb.OwnName + at.Column
			m.proposeIndex(l, at.Table, name, fmt.Sprintf("ADD INDEX `%s` (%s)", name, l.keyPart(at.Column)),
				func(l layout) bool { return wpdb.IndexOn(l.indexes, at.Column) != "" }) // whoever made it
		}
	}
}

// planUndo removes the indexes that carry the server's name, and no others.
func (m *migrator) planUndo(layouts map[string]layout) {
	for _, table := range m.Tables.OfPlugin() {
		for _, index := range layouts[table].indexes {
			if strings.HasPrefix(index.Name, wpdb.OwnName) {
				m.proposeIndex(layouts[table], table, index.Name, fmt.Sprintf("DROP INDEX `%s`", index.Name), func(l layout) bool {
					return !slices.ContainsFunc(l.indexes, func(i wpdb.TableIndex) bool { return i.Name == index.Name })
				})
			}
		}
	}
}

func (m *migrator) proposeIndex(l layout, table, name, what string, settled func(layout) bool) {
	alter := fmt.Sprintf("ALTER TABLE %s %s", wpdb.QuoteName(table), what)
	m.propose(l, Change{Table: table, Name: "index " + name, privilege: "ALTER",
		Statements: []string{alter + online}, blocking: alter + readable, settled: settled})
}

// layout is what a migration needs to know of a table.
type layout struct {
	engine  string
	columns map[string]string // their types, by name
	indexes []wpdb.TableIndex
}

// layout looks at a table of the plugin.
func (m *migrator) layout(ctx context.Context, table string) (layout, error) {
	engine, err := m.EngineOf(ctx, m.conn, table)
	if err != nil {
		return layout{}, err
	}
	columns, err := wpdb.SelectRows(ctx, m.conn, "SHOW COLUMNS FROM "+wpdb.QuoteName(table))
	if err != nil {
		return layout{}, err
	}
	l := layout{engine: engine, columns: map[string]string{}}
	for _, c := range columns {
		l.columns[c.Text("Field")] = c.Text("Type")
	}
	l.indexes, err = wpdb.UsableIndexes(ctx, m.conn, table)
	return l, err
}

// keyPart is a column as it stands in an index. Of a long text it is the first 64
// characters, which every server and row format accepts and which tell any two
// tokens apart.
func (l layout) keyPart(column string) string {
	const prefix = 64
	kind := strings.ToLower(l.columns[column])
	size := regexp.MustCompile(`^(?:var)?(?:char|binary)\((\d+)\)`).FindStringSubmatch(kind)
	if size != nil {
		if n, err := strconv.Atoi(size[1]); err == nil && n <= prefix {
			return "`" + column + "`"
		}
	} else if !strings.Contains(kind, "text") && !strings.Contains(kind, "blob") {
		return "`" + column + "`"
	}
	return "`" + column + "`(" + strconv.Itoa(prefix) + ")"
}
