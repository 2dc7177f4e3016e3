package wpdb

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// layout is what a table looks like, as far as a migration asks.
type layout struct {
	engine  string
	columns map[string]string // their types, by name
	indexes []tableIndex
}

// tableIndex is an index that statements may use.
type tableIndex struct {
	name  string
	first string // the column that it begins with
}

// layout looks at a table of the plugin.
func (m *migrator) layout(ctx context.Context, table string) (layout, error) {
	engine, err := m.engineOf(ctx, m.conn, table)
	if err != nil {
		return layout{}, err
	}
	columns, err := selectRows(ctx, m.conn, "SHOW COLUMNS FROM "+quoteName(table))
	if err != nil {
		return layout{}, err
	}
	l := layout{engine: engine, columns: map[string]string{}}
	for _, c := range columns {
		l.columns[c.text("Field")] = c.text("Type")
	}
	l.indexes, err = usableIndexes(ctx, m.conn, table)
	return l, err
}

// usableIndexes are those of a table that statements may use.
func usableIndexes(ctx context.Context, db querier, table string) ([]tableIndex, error) {
	list, err := selectRows(ctx, db, "SHOW INDEX FROM "+quoteName(table))
	if err != nil {
		return nil, err
	}
	return usable(list), nil
}

// usable are the indexes of a list of SHOW INDEX that statements may use.
func usable(list []row) (indexes []tableIndex) {
	for _, i := range list {
		// MySQL calls an index that statements do not use invisible, MariaDB ignored.
		unused := i.text("Visible") == "NO" || i.text("Ignored") == "YES"
		if i.integer("Seq_in_index") == 1 && i.text("Index_type") == "BTREE" && !unused {
			indexes = append(indexes, tableIndex{i.text("Key_name"), i.text("Column_name")})
		}
	}
	return indexes
}

// indexed says if there is an index that begins with the column, whoever made it.
func (l layout) indexed(column string) bool { return indexOn(l.indexes, column) != "" }

// indexOn is the name of an index that begins with the column, empty if there is
// none.
func indexOn(indexes []tableIndex, column string) string {
	for _, i := range indexes {
		if strings.EqualFold(i.first, column) {
			return i.name
		}
	}
	return ""
}

// has says if there is an index of that name.
func (l layout) has(name string) bool {
	return slices.ContainsFunc(l.indexes, func(i tableIndex) bool { return i.name == name })
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
