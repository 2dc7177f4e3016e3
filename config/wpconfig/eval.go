package wpconfig

// eval computes an expression as far as it is constant, with its effects on
// constants, variables and files.
func (r *reader) eval(n *node) value {
	if r.halt != running || !r.spend(n.line, 1) {
		return unknown("an expression after the end of the file")
	}
	switch n.kind {
	case nodeLiteral:
		return n.val
	case nodeTemplate:
		return r.evalTemplate(n.kids)
	case nodeVariable:
		return r.variable(n.name)
	case nodeIndex:
		return r.evalIndex(n)
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
			return v
		}
	}
	r.scan(n.tokens, "")
	return unknown(n.name)
}

func (r *reader) evalTemplate(kids []*node) value {
	joined := stringValue("")
	for _, kid := range kids {
		joined = r.concat(kid.line, joined, r.eval(kid))
	}
	return joined
}

// evalExit ends the reading. What comes after it cannot set anything.
func (r *reader) evalExit(n *node) value {
	r.evalAll(n.kids)
	if len(r.doubts) == 0 {
		r.blind(n.line, "reading ends at this exit, as it does in PHP"+onlyIf(r.env.Host != "", " for the host that is set")+
			"; if WordPress does not get here, correct host (--host) or make the condition before it one that this program can evaluate", "", value{})
	}
	r.halt = allDone
	return unknown("an exit")
}

func (r *reader) evalUnary(op string, v value) value {
	switch op {
	case "!":
		return v.truthOf(v.truth().not())
	case "bool", "boolean":
		return v.truthOf(v.truth())
	case "string":
		return v.asString()
	}
	return v.derived(unknown("an expression that this program does not evaluate").why)
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
	r.spend(n.line, (len(a.str)+len(b.str))/bytesPerStep)
	why := a
	if a.isKnown() || b.request && !a.request {
		why = b
	}
	switch n.name {
	case ".":
		return r.concat(n.line, a, b)
	case "===":
		return why.truthOf(identical(a, b))
	case "!==":
		return why.truthOf(identical(a, b).not())
	case "==":
		return why.truthOf(equal(a, b))
	case "!=", "<>":
		return why.truthOf(equal(a, b).not())
	}
	return why.derived("")
}

// evalShort is && and ||, which evaluate their right side only if the left one
// is not decisive: the left side must be proceed.
func (r *reader) evalShort(n *node, proceed tri) value {
	left := r.eval(n.kids[0])
	switch left.truth() {
	case proceed:
		right := r.eval(n.kids[1])
		return right.truthOf(right.truth())
	case proceed.not():
		r.adoptExpr(n.kids[1])
		return boolValue(proceed == no)
	}
	right := boolValue(proceed == yes)
	r.unsure(n.line, left, func() { right = r.eval(n.kids[1]) })
	if right.truth() == proceed.not() {
		return boolValue(proceed == no)
	}
	return left.derived("")
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
	r.unsure(n.line, cond, func() { then() }, func() { r.eval(n.kids[2]) })
	return cond.derived("")
}

func (r *reader) evalCoalesce(n *node) value {
	v := r.quiet(n.kids[0])
	switch {
	case v.kind == nullKind:
		return r.eval(n.kids[1])
	case v.isKnown():
		return v
	}
	r.unsure(n.line, v, func() { r.eval(n.kids[1]) })
	return v.derived("")
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
