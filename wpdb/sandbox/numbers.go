package sandbox

import (
	"fmt"
	"strings"
)

// Numbers is a table of the numbers from 1 to n, at most 100,000, in its column
// seq, in SQL that every server understands. It needs an alias.
func Numbers(n int) string {
	digits := "(SELECT 0 AS d" + strings.Repeat(" UNION ALL SELECT %d", 9) + ")"
	digits = fmt.Sprintf(digits, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	const value = "1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d"
	return fmt.Sprintf("(SELECT %s AS seq FROM %s AS a, %[2]s AS b, %[2]s AS c, %[2]s AS e, %[2]s AS f WHERE %[1]s <= %[3]d)",
		value, digits, n)
}
