package wpconfig

import (
	"strconv"
	"strings"
)

// identical is PHP's ===.
func identical(a, b value) tri {
	if !a.isKnown() || !b.isKnown() {
		return maybe
	}
	if a.kind != b.kind {
		return no
	}
	if a.kind == arrayKind {
		return maybe
	}
	return triOf(a.str == b.str && a.num == b.num)
}

// equal is the == of PHP 8. Arrays are not compared.
func equal(a, b value) tri {
	switch {
	case !a.isKnown() || !b.isKnown() || a.kind == arrayKind || b.kind == arrayKind:
		return maybe
	case a.kind == boolKind || b.kind == boolKind || a.kind == nullKind && b.kind == nullKind:
		return triOf(a.truth() == b.truth())
	}
	if a.kind == nullKind || b.kind == nullKind {
		return triOf(a.text() == b.text()) // null is as "" beside a string
	}
	x, xNumeric := number(a.text())
	y, yNumeric := number(b.text())
	if xNumeric && yNumeric {
		return triOf(x == y)
	}
	return triOf(a.text() == b.text())
}

// number reads what PHP calls a numeric string.
func number(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\r\v\f")
	if strings.ContainsAny(s, "_xXpPiInN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
