package wpconfig

// maxElems bounds the arrays that are assigned to element by element.
const maxElems = 256

// place is a variable, or an element of an array in one. The elements of
// $_SERVER and $_ENV are variables of their own, since what is not set there
// comes from the environment.
type place struct {
	name string
	keys []string

	array, element string // $_SERVER or $_ENV and which element of it
}

// placeOf finds out what a target or a variable with indices is. It is false
// for anything else and for keys that are not known.
func (r *reader) placeOf(n *node) (place, bool) {
	var indices []*node
	for ; n.kind == nodeIndex; n = n.kids[0] {
		indices = append(indices, n)
	}
	pl := place{name: n.name}
	ok := n.kind == nodeVariable
	for i := len(indices) - 1; i >= 0; i-- {
		key := value{}
		if len(indices[i].kids) == 2 {
			key = r.eval(indices[i].kids[1])
		}
		ok = ok && key.isKnown() && key.kind != arrayKind
		pl.keys = append(pl.keys, key.text())
	}
	if pl.name == "GLOBALS" && len(pl.keys) > 0 {
		pl = place{name: pl.keys[0], keys: pl.keys[1:]}
	}
	if ok && len(pl.keys) > 0 && (pl.name == "_SERVER" || pl.name == "_ENV") {
		pl = place{name: pl.name + "[" + pl.keys[0], keys: pl.keys[1:], array: pl.name, element: pl.keys[0]}
	}
	return pl, ok
}

// evalPlace is a variable or an element that is read. PHP makes null of one
// that is not set, which is hardly what a configuration means.
func (r *reader) evalPlace(n *node) value {
	if root := rootOf(n); root.kind != nodeVariable {
		return r.evalElement(n)
	}
	pl, ok := r.placeOf(n)
	if !ok {
		return r.lookupPart(pl)
	}
	return r.lookup(pl)
}

func rootOf(n *node) *node {
	for n.kind == nodeIndex {
		n = n.kids[0]
	}
	return n
}

// evalElement is an index into what is not a variable, such as an included
// file's array.
func (r *reader) evalElement(n *node) value {
	var indices []*node
	for ; n.kind == nodeIndex; n = n.kids[0] {
		indices = append(indices, n)
	}
	v := r.eval(n)
	for i := len(indices) - 1; i >= 0; i-- {
		for _, key := range r.evalAll(indices[i].kids[1:]) {
			v = element(v, key)
		}
	}
	return v
}

func element(v, key value) value {
	if v.kind == arrayKind && key.isKnown() {
		if found, ok := v.elems[key.text()]; ok {
			return found
		}
		return value{kind: nullKind, why: "an element of an array that has no such key"}
	}
	return value{why: v.reason(), request: v.request}
}

// lookupPart is the value at a place whose keys are not all known.
func (r *reader) lookupPart(pl place) value {
	v := r.lookup(place{name: pl.name})
	if v.isKnown() || v.why == "" {
		return unknown("an element of $" + shownName(pl.name) + " whose key this program does not know")
	}
	return value{why: v.why, request: v.request}
}

// lookup is the value at a place.
func (r *reader) lookup(pl place) value {
	v, ok := r.vars[pl.name]
	switch {
	case ok:
	case pl.array != "":
		// An assignment under an unknown key has made the whole array
		// unknown.
		if v, ok = r.vars[pl.array]; !ok {
			v = r.environment(pl.array, pl.element)
		}
	default:
		return r.unset(pl.name)
	}
	for _, key := range pl.keys {
		v = element(v, stringValue(key))
	}
	return v
}

// unset is the value of a variable that nothing has set so far as is known.
func (r *reader) unset(name string) value {
	why := "$" + shownName(name) + ", which is not set before this line"
	switch name {
	case "_GET", "_POST", "_COOKIE", "_REQUEST", "_SESSION", "_FILES", "_SERVER", "GLOBALS", "argv", "argc":
		return value{why: "$" + name + ", which this program does not have", request: true}
	}
	if len(r.blinds) > 0 {
		return unknown("whether $" + shownName(name) + r.setBlindly())
	}
	if len(r.doubts) > 0 {
		return unknown(why)
	}
	return value{kind: nullKind, why: why}
}

// environment is an element of $_SERVER or $_ENV.
func (r *reader) environment(array, name string) value {
	if array == "_SERVER" && isRequestVariable(name) {
		v := value{why: "$_SERVER['" + shownName(name) + "'], which only a web request has", request: true}
		if name == "HTTP_HOST" || name == "SERVER_NAME" {
			v.shape = "<host>"
		}
		return v
	}
	v := r.getenv(name)
	if v.kind == boolKind {
		v.kind = nullKind
	}
	return v
}

// getenv is PHP's function of that name: false if the variable is not set.
func (r *reader) getenv(name string) value {
	if v, ok := r.putenv[name]; ok {
		return v
	}
	if v, ok := r.putenv[""]; ok {
		return v
	}
	if s, ok := r.env.Getenv(name); ok {
		return value{kind: stringKind, str: s, env: name}
	}
	why := "the environment variable " + shownName(name) + ", which is not set for this program"
	if r.loads {
		return unknown(why)
	}
	return value{kind: boolKind, why: why}
}

// evalAssign assigns, with all of PHP's operators that keep a value known.
func (r *reader) evalAssign(n *node) value {
	target := n.kids[0]
	var v value
	switch n.name {
	case "=":
		v = r.eval(n.kids[1])
	case ".=":
		v = concat(r.evalPlaceOnly(target), r.eval(n.kids[1]))
	case "??=":
		v = r.evalCoalesce(n)
	default:
		r.eval(n.kids[1])
		v = unknown("a calculation, which this program does not do")
	}
	if r.halt == running {
		r.assign(target, v, n.line)
	}
	return v
}

func (r *reader) evalPlaceOnly(n *node) value {
	if rootOf(n).kind != nodeVariable {
		return unknown("an expression that this program does not evaluate")
	}
	return r.evalPlace(n)
}

func (r *reader) assign(target *node, v value, line int) {
	if target.kind == nodeArray {
		r.assignEach(target, v, line)
		return
	}
	if rootOf(target).kind != nodeVariable {
		return
	}
	pl, ok := r.placeOf(target)
	switch {
	case !ok:
		r.setVar(pl.name, unknown("an element of $"+shownName(pl.name)+" that is set under a key this program does not know"), line)
	case len(pl.keys) == 0:
		r.setVar(pl.name, v, line)
	default:
		r.setVar(pl.name, withElement(r.vars[pl.name], pl.keys, v), line)
	}
}

// assignEach is list() and [$a, $b] =, whose values are not taken apart.
func (r *reader) assignEach(target *node, v value, line int) {
	for _, kid := range target.kids {
		if kid.kind == nodePair {
			kid = kid.kids[1]
		}
		if kid.kind != nodeOpaque {
			r.assign(kid, value{why: "the elements of a list, which this program does not take apart", request: v.request}, line)
		}
	}
}

// withElement is a copy of an array with one element set. Arrays are values in
// PHP, so none is changed in place.
func withElement(v value, keys []string, elem value) value {
	if len(keys) == 0 {
		return elem
	}
	if v.kind != arrayKind && v.kind != nullKind && (v.kind != unknownKind || v.why != "") || len(v.elems) > maxElems || len(keys) > maxNesting {
		return unknown("an array that this program does not follow")
	}
	elems := make(map[string]value, len(v.elems)+1)
	for key, old := range v.elems {
		elems[key] = old
	}
	elems[keys[0]] = withElement(elems[keys[0]], keys[1:], elem)
	return value{kind: arrayKind, elems: elems}
}
