package migrate

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"moserver-sidecar/wpdb"
)

// layout is what a table looks like, as far as a migration asks.
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

// indexed says if there is an index that begins with the column, whoever made it.
func (l layout) indexed(column string) bool { return wpdb.IndexOn(l.indexes, column) != "" }

// has says if there is an index of that name.
func (l layout) has(name string) bool {
	return slices.ContainsFunc(l.indexes, func(i wpdb.TableIndex) bool { return i.Name == name })
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
