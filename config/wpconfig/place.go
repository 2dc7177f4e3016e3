package wpconfig

import "strings"

// evalIndex is an element of an array. The elements of $_SERVER and $_ENV are
// variables of their own, since what is not set there comes from the
// environment.
func (r *reader) evalIndex(n *node) value {
	if name, ok := r.elementName(n); ok {
		return r.variable(name)
	}
	if len(n.kids) != 2 {
		return unknown("an expression that this program does not evaluate")
	}
	base, key := r.eval(n.kids[0]), r.eval(n.kids[1])
	switch {
	case base.kind != arrayKind:
		return base.derived("")
	case !key.isKnown() || key.kind == arrayKind:
		return key.derived("")
	}
	if found, ok := base.elems[key.text()]; ok {
		return found
	}
	return value{kind: nullKind, why: "an element of an array that has no such key"}
}

// elementName is the variable that an element of a superglobal is.
func (r *reader) elementName(n *node) (string, bool) {
	if n.kind != nodeIndex || len(n.kids) != 2 || n.kids[0].kind != nodeVariable {
		return "", false
	}
	switch array := n.kids[0].name; array {
	case "_SERVER", "_ENV", "GLOBALS":
		key := r.eval(n.kids[1])
		if !key.isKnown() || key.kind == arrayKind {
			return "", false
		}
		if array == "GLOBALS" {
			return key.text(), true
		}
		return array + "[" + key.text(), true
	}
	return "", false
}

// variable is a variable that is read. PHP makes null of one that is not set,
// which is hardly what a configuration means.
func (r *reader) variable(name string) value {
	if v, ok := r.vars[name]; ok {
		return v
	}
	array, element, found := strings.Cut(name, "[")
	if v, ok := r.vars[array]; found && ok {
		return v.derived("")
	}
	if found {
		return r.environment(array, element)
	}
	why := "$" + shownName(name) + ", which is not set before this line"
	switch name {
	case "_GET", "_POST", "_COOKIE", "_REQUEST", "_SESSION", "_FILES", "_SERVER", "GLOBALS", "argv", "argc":
		return value{why: "$" + name + ", which only a web request has", request: true}
	}
	switch {
	case len(r.blinds) > 0:
		return value{why: why, blind: true}
	case len(r.doubts) > 0:
		return unknown(why)
	}
	return value{kind: nullKind, why: why}
}

// environment is an element of $_SERVER or $_ENV.
func (r *reader) environment(array, name string) value {
	if array == "_SERVER" && (name == "HTTP_HOST" || name == "SERVER_NAME") {
		if r.env.Host != "" {
			return stringValue(r.env.Host)
		}
		return value{why: "$_SERVER['" + name + "'], the host name that a web request asks for", request: true, host: true}
	}
	if array == "_SERVER" && isRequestVariable(name) {
		return value{why: "$_SERVER['" + shownName(name) + "'], which only a web request has", request: true}
	}
	v := r.getenv(name)
	if v.kind == boolKind {
		v.kind = nullKind
	}
	return v
}

// getenv is PHP's function of that name: false if the variable is not set.
func (r *reader) getenv(name string) value {
	if r.putenv {
		return unknown("the environment, which putenv() has changed")
	}
	if s, ok := r.env.Getenv(name); ok {
		return value{kind: stringKind, str: s, env: name}
	}
	if r.loads {
		return r.dotenv(name)
	}
	return value{kind: boolKind, env: name, why: "the environment variable " + shownName(name) + ", which is not set for this program"}
}

// evalAssign assigns to a variable. An operator other than = and .= makes it
// unknown, and so does an assignment to an element.
func (r *reader) evalAssign(n *node) value {
	target := n.kids[0]
	v := r.eval(n.kids[1])
	switch {
	case n.name == "=":
	case n.name == ".=" && target.kind == nodeVariable:
		v = r.concat(n.line, r.variable(target.name), v)
	default:
		v = unknown("a calculation, which this program does not do")
	}
	if r.halt == running {
		r.assign(target, v, n.line)
	}
	return v
}

func (r *reader) assign(target *node, v value, line int) {
	if name, ok := r.elementName(target); ok {
		r.setVar(name, v, line)
		return
	}
	whole := target.kind == nodeVariable
	for target.kind == nodeIndex {
		target = target.kids[0]
	}
	switch {
	case whole:
		r.setVar(target.name, v, line)
	case target.kind == nodeVariable:
		r.setVar(target.name, unknown("$"+shownName(target.name)+", of which elements are set one by one"), line)
	case target.kind == nodeArray:
		for _, kid := range target.kids {
			if kid.kind == nodeVariable {
				r.setVar(kid.name, v.derived("the elements of a list, which this program does not take apart"), line)
			}
		}
	}
}
