package wpconfig

// unary parses the operators before an operand, and the operand.
func (p *parser) unary() *node {
	t := p.cur()
	if t.kind != tokenOp {
		return p.operand()
	}
	switch t.text {
	case "!":
		return p.prefixed("!", precNot)
	case "-", "+", "~":
		return p.prefixed(t.text, precUnary)
	case "@":
		p.pos++
		return p.expr(precUnary)
	case "(":
		if name := p.castName(); name != "" {
			p.pos += 2
			return p.prefixed(name, precUnary)
		}
	}
	return p.operand()
}

func (p *parser) prefixed(operator string, least int) *node {
	n := &node{kind: nodeUnary, name: operator, line: p.line()}
	p.pos++
	n.kids = []*node{p.expr(least)}
	return n
}

func (p *parser) castName() string {
	if p.peek(1).kind == tokenName && p.peek(2).isOp(")") {
		return cast(p.peek(1).text)
	}
	return ""
}

// operand parses a primary expression with what follows it: indices, calls,
// members, and an assignment to it.
func (p *parser) operand() *node {
	n := p.primary()
	for !p.bad {
		next := p.postfix(n)
		if next == n {
			break
		}
		p.nodes++
		p.bad = p.bad || p.nodes > maxNodes
		n = next
	}
	if t := p.cur(); !p.bad && t.kind == tokenOp && isAssignment(t.text) {
		p.pos++
		p.accept("&")
		n = &node{kind: nodeAssign, name: t.text, line: n.line, kids: []*node{n, p.expr(precAssign)}}
	}
	return n
}

// postfix parses one thing that follows an operand, or returns the operand.
func (p *parser) postfix(n *node) *node {
	t := p.cur()
	if t.kind != tokenOp {
		return n
	}
	switch t.text {
	case "[":
		return &node{kind: nodeIndex, line: n.line, kids: append([]*node{n}, p.list()...)}
	case "->", "?->", "::":
		return p.member(n)
	}
	return n
}

// member parses ->name, ::name and ::$name, with the arguments of a call. Only
// a static call by name keeps its name: it may be Config::define().
func (p *parser) member(n *node) *node {
	op := p.cur().text
	p.pos++
	t := p.cur()
	p.bad = p.bad || t.kind != tokenName && t.kind != tokenVariable
	p.pos++
	m := &node{name: "a member of an object or class", line: n.line, kids: []*node{n}}
	if !p.bad && p.cur().isOp("(") {
		m.name = "a call of a method, which this program does not evaluate"
		args := p.list()
		if op == "::" && n.kind == nodeConstant && t.kind == tokenName {
			return &node{kind: nodeCall, name: n.name + "::" + t.text, line: n.line, kids: args}
		}
		m.kids = append(m.kids, args...)
	}
	return m
}

func (p *parser) primary() *node {
	t := p.cur()
	n := &node{line: t.line}
	switch t.kind {
	case tokenVariable:
		n.kind, n.name = nodeVariable, t.text
	case tokenString, tokenNumber:
		n.kind, n.val = nodeLiteral, literal(t)
	case tokenTemplate:
		n.kind, n.kids = nodeTemplate, p.template(t)
	case tokenOpaque:
		n.name = t.text + ", which this program does not evaluate"
	case tokenName:
		return p.named(t)
	case tokenOp:
		return p.bracketed(t)
	default:
		p.bad = true
	}
	p.pos++
	return n
}

// template parses the expressions within a string.
func (p *parser) template(t token) []*node {
	var kids []*node
	for _, part := range t.parts {
		if part.code == nil {
			kids = append(kids, &node{kind: nodeLiteral, val: stringValue(part.text), line: t.line})
			continue
		}
		kids = append(kids, p.embedded(part.code))
	}
	return kids
}

func (p *parser) embedded(code []token) *node {
	n := &node{name: "an expression that this program does not understand", tokens: code, line: code[0].line}
	match, err := matchBrackets(code)
	if err != nil || p.depth >= maxNesting {
		return n
	}
	inner := &parser{tokens: code, match: match, end: len(code), depth: p.depth, nodes: p.nodes}
	e := inner.expr(0)
	p.nodes = inner.nodes
	if inner.bad || inner.cur().kind != tokenEnd {
		return n
	}
	return e
}

// bracketed parses an operand that begins with an operator or bracket.
func (p *parser) bracketed(t token) *node {
	switch t.text {
	case "(":
		return p.group()
	case "[":
		return &node{kind: nodeArray, line: t.line, kids: p.list()}
	}
	p.bad = true
	return &node{}
}
