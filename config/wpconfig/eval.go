package wpconfig

// eval computes an expression as far as it is constant, with its effects on
// constants, variables and files.
func (r *reader) eval(n *node) value {
	if r.halt != running {
		return unknown("an expression after the end of the file")
	}
	switch n.kind {
	case nodeLiteral:
		return n.val
	case nodeTemplate:
		return r.evalTemplate(n.kids)
	case nodeVariable, nodeIndex:
		return r.evalPlace(n)
	case nodeConstant:
		return r.evalConstant(n.name, n.line)
	case nodeArray:
		return r.evalArray(n.kids)
	case nodeCall:
		return r.evalCall(n)
	case nodeUnary:
		return r.evalUnary(n.name, r.eval(n.kids[0]))
	case nodeBinary:
		return r.evalBinary(n)
	case nodeTernary:
		return r.evalTernary(n)
	case nodeAssign:
		return r.evalAssign(n)
	case nodeInclude:
		return r.evalInclude(n)
	case nodeExit:
		return r.evalExit(n)
	}
	return r.evalOpaque(n)
}

func (r *reader) evalAll(nodes []*node) []value {
	values := make([]value, len(nodes))
	for i, n := range nodes {
		values[i] = r.eval(n)
	}
	return values
}

// evalOpaque looks for effects in what has no value. It may depend on the web
// request through one of its parts, which is the better explanation.
func (r *reader) evalOpaque(n *node) value {
	r.heedLoader(n.name)
	for _, v := range r.evalAll(n.kids) {
		if v.request {
			return v.withoutShape()
		}
	}
	r.scan(n.tokens)
	return unknown(n.name)
}

func (v value) withoutShape() value {
	if v.shape != "" && v.shape != "<host>" {
		v.shape = ""
	}
	return v
}

func (r *reader) evalTemplate(kids []*node) value {
	joined := stringValue("")
	for _, kid := range kids {
		joined = concat(joined, r.eval(kid))
	}
	return joined
}

// evalExit ends the reading. What comes after it cannot set anything.
func (r *reader) evalExit(n *node) value {
	r.evalAll(n.kids)
	if len(r.doubts) == 0 {
		r.blind(n.line, "reading ends at this exit, as it does in PHP; if WordPress does not get here, make the condition before it one that this program can evaluate, or remove it", "")
	}
	r.halt = allDone
	return unknown("an exit")
}

func (r *reader) evalUnary(op string, v value) value {
	switch op {
	case "!":
		return triValue(v.truth().not(), v.reason())
	case "bool":
		return triValue(v.truth(), v.reason())
	case "string":
		return v.asString()
	case "int":
		return v.integer()
	case "-":
		if v.kind == intKind {
			return intValue(-v.num)
		}
	}
	return unknown("an expression that this program does not evaluate")
}

func (r *reader) evalBinary(n *node) value {
	switch n.name {
	case "&&", "and":
		return r.evalShort(n, yes)
	case "||", "or":
		return r.evalShort(n, no)
	case "??":
		return r.evalCoalesce(n)
	}
	a, b := r.eval(n.kids[0]), r.eval(n.kids[1])
	why := a
	if a.isKnown() || b.request && !a.request {
		why = b
	}
	switch n.name {
	case ".":
		return concat(a, b)
	case "===":
		return triValue(identical(a, b), why.reason())
	case "!==":
		return triValue(identical(a, b).not(), why.reason())
	case "==":
		return triValue(equal(a, b), why.reason())
	case "!=", "<>":
		return triValue(equal(a, b).not(), why.reason())
	}
	return unknown(why.reason())
}

// evalShort is && and ||, which evaluate their right side only if the left one
// is not decisive: the left side must be proceed.
func (r *reader) evalShort(n *node, proceed tri) value {
	left := r.eval(n.kids[0])
	switch left.truth() {
	case proceed:
		right := r.eval(n.kids[1])
		return triValue(right.truth(), right.reason())
	case proceed.not():
		r.adoptExpr(n.kids[1])
		return boolValue(proceed == no)
	}
	right := boolValue(proceed == yes)
	r.unsure(r.doubtAt(n.line, left), func() { right = r.eval(n.kids[1]) })
	if right.truth() == proceed.not() {
		return boolValue(proceed == no)
	}
	return unknown(left.reason())
}

func (r *reader) evalTernary(n *node) value {
	cond := r.eval(n.kids[0])
	then := func() value {
		if n.kids[1] == nil {
			return cond
		}
		return r.eval(n.kids[1])
	}
	switch cond.truth() {
	case yes:
		return then()
	case no:
		return r.eval(n.kids[2])
	}
	r.unsure(r.doubtAt(n.line, cond), func() { then() }, func() { r.eval(n.kids[2]) })
	return value{why: cond.reason(), request: cond.request}
}

func (r *reader) evalCoalesce(n *node) value {
	v := r.quiet(n.kids[0])
	switch {
	case v.kind == nullKind:
		return r.eval(n.kids[1])
	case v.isKnown():
		return v
	}
	r.unsure(r.doubtAt(n.line, v), func() { r.eval(n.kids[1]) })
	return value{why: v.reason(), request: v.request}
}

// evalArray builds an array with PHP's keys. An array with parts that are not
// understood is unknown as a whole.
func (r *reader) evalArray(kids []*node) value {
	elems, next, known := map[string]value{}, int64(0), true
	for _, kid := range kids {
		key, item := intValue(next), kid
		if kid.kind == nodePair {
			key, item = r.eval(kid.kids[0]), kid.kids[1]
		}
		v := r.eval(item)
		if !key.isKnown() || key.kind == arrayKind || kid.kind == nodeOpaque {
			known = false
			continue
		}
		if key.kind == intKind {
			next = max(next, key.num+1)
		}
		elems[key.text()] = v
	}
	if !known {
		return unknown("an array that this program does not evaluate")
	}
	return value{kind: arrayKind, elems: elems}
}
