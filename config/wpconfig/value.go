package wpconfig

import (
	"strconv"
	"strings"
)

// kind is the type of a PHP value, or that it is not known.
type kind int

const (
	unknownKind kind = iota
	nullKind
	boolKind
	intKind
	stringKind
	arrayKind
)

// value is a PHP value.
type value struct {
	kind  kind
	str   string
	num   int64 // an integer, or a boolean as 0 or 1
	elems map[string]value

	// why says what an unknown value comes from. On a known value it says
	// why that value is not to be trusted as a setting: it came from a
	// variable that is not set.
	why string
	// end is what an unknown string ends with, as far as that is known.
	end string
	// request marks what depends on the web request that PHP serves, host what
	// depends on its host name, and blind what a file that could not be
	// followed may have set.
	request, host, blind bool
	// env is the environment variable whose value this is, unchanged, or which
	// is not set.
	env string
}

// tri is a truth value that may be unknown. Its negative is its negation.
type tri int

const (
	no tri = iota - 1
	maybe
	yes
)

const maxString = 64 << 10 // of a string that the file itself puts together
const maxEnd = 200

func unknown(why string) value { return value{why: why} }

func stringValue(s string) value { return value{kind: stringKind, str: s} }

func intValue(n int64) value { return value{kind: intKind, num: n} }

func boolValue(b bool) value {
	if b {
		return value{kind: boolKind, num: 1}
	}
	return value{kind: boolKind}
}

// derived is an unknown value that comes from v. The reason is v's own, if it
// has one.
func (v value) derived(why string) value {
	if v.why != "" {
		why = v.why
	}
	return value{why: why, request: v.request, host: v.host, blind: v.blind, env: onlyIf(!v.isKnown(), v.env)}
}

// truthOf is the boolean of t; v says what it would have taken to know it.
func (v value) truthOf(t tri) value {
	if t == maybe {
		return v.derived("")
	}
	return boolValue(t == yes)
}

func (v value) isKnown() bool { return v.kind != unknownKind }

// isScalar is true for what is known and has a text.
func (v value) isScalar() bool { return v.isKnown() && v.kind != arrayKind }

// truth is PHP's conversion to a boolean.
func (v value) truth() tri {
	switch v.kind {
	case unknownKind:
		return maybe
	case stringKind:
		return triOf(v.str != "" && v.str != "0")
	case arrayKind:
		return triOf(len(v.elems) > 0)
	}
	return triOf(v.num != 0)
}

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

// text is PHP's conversion to a string. Only scalars have one.
func (v value) text() string {
	switch {
	case v.kind == stringKind:
		return v.str
	case v.kind == intKind:
		return strconv.FormatInt(v.num, 10)
	case v.kind == boolKind && v.num != 0:
		return "1"
	}
	return ""
}

// asString is text as a value, which keeps what is known of the origin.
func (v value) asString() value {
	switch v.kind {
	case unknownKind, stringKind:
		return v
	case arrayKind:
		return unknown("an array, where a string is needed")
	}
	return value{kind: stringKind, str: v.text(), why: v.why, env: onlyIf(v.why != "", v.env)}
}

func (v value) reason() string {
	if v.why == "" {
		return "an expression that this program does not evaluate"
	}
	return v.why
}

// identical is PHP's ===. Arrays are not compared.
func identical(a, b value) tri {
	switch {
	case !a.isKnown() || !b.isKnown() || a.kind == arrayKind && b.kind == arrayKind:
		return maybe
	case a.kind != b.kind:
		return no
	}
	return triOf(a.str == b.str && a.num == b.num)
}

// equal is the == of PHP 8. Two numbers that are written differently are not
// compared.
func equal(a, b value) tri {
	isText := a.kind == stringKind || b.kind == stringKind
	switch {
	case !a.isScalar() || !b.isScalar():
		return maybe
	case a.kind == boolKind || b.kind == boolKind || !isText && (a.kind == nullKind || b.kind == nullKind):
		return triOf(a.truth() == b.truth())
	case a.text() == b.text():
		return yes
	case a.text() != "" && b.text() != "" && strings.Trim(a.text()+b.text(), " \t\n\r\v\f+-.0123456789eE") == "":
		return maybe
	}
	return no
}

// concat joins two values as PHP's dot does.
func (r *reader) concat(line int, a, b value) value {
	a, b = a.asString(), b.asString()
	if !a.isKnown() || !b.isKnown() {
		cause := a
		if a.isKnown() || b.request && !a.request {
			cause = b
		}
		v := cause.derived("")
		if v.end = b.end; b.isKnown() {
			v.end = (a.end + b.str)[max(0, len(a.end)+len(b.str)-maxEnd):]
		}
		return v
	}
	if len(a.str)+len(b.str) > maxString || !r.spend(line, (len(a.str)+len(b.str))/bytesPerStep) {
		return unknown("a string longer than 64 KiB, which this program does not put together")
	}
	v := stringValue(a.str + b.str)
	v.why = a.why + onlyIf(a.why == "", b.why)
	v.env = onlyIf(a.why != "", a.env) + onlyIf(a.why == "" && b.why != "", b.env)
	return v
}

func onlyIf(condition bool, s string) string {
	if condition {
		return s
	}
	return ""
}
