package wpconfig

// ifStatement parses if with all its branches. "else if" is the same as
// "elseif" for what it does.
func (p *parser) ifStatement(s stmt) stmt {
	s.kind = stmtIf
	p.pos++
	s.clauses = append(s.clauses, p.condition("elseif", "else", "endif"))
	for !p.bad {
		switch {
		case p.cur().isName("elseif"):
			p.pos++
		case p.cur().isName("else") && p.peek(1).isName("if"):
			p.pos += 2
		case p.cur().isName("else"):
			p.pos++
			s.clauses = append(s.clauses, clause{body: p.body("endif")})
			return p.endOf("endif", s)
		default:
			return p.endOf("endif", s)
		}
		s.clauses = append(s.clauses, p.condition("elseif", "else", "endif"))
	}
	return s
}

func (p *parser) condition(until ...string) clause {
	cond := p.group()
	if p.bad {
		return clause{}
	}
	return clause{cond, p.body(until...)}
}

// endOf steps over the keyword of the alternative syntax, if it stands there.
func (p *parser) endOf(keyword string, s stmt) stmt {
	if p.cur().isName(keyword) {
		p.pos++
		p.terminate()
	}
	return s
}

// loop parses what runs its body any number of times.
func (p *parser) loop(name string, s stmt) stmt {
	p.pos++
	if !p.cur().isOp("(") {
		p.bad = true
		return s
	}
	head := p.pos
	p.pos = p.after(p.pos)
	if name == "declare" { // its block, if any, is a statement like others
		return s
	}
	s.kind, s.name = stmtUnsure, "a "+name+" statement"
	s.exprs = []*node{p.opaque(head)}
	s.clauses = []clause{{body: p.body("end" + name)}}
	return p.endOf("end"+name, s)
}

func (p *parser) doOrTry(name string, s stmt) stmt {
	s.kind, s.name = stmtUnsure, "a "+name+" statement"
	p.pos++
	s.clauses = append(s.clauses, clause{body: p.body()})
	if name == "do" {
		if p.cur().isName("while") {
			p.pos++
			s.exprs = []*node{p.group()}
		}
		p.terminate()
		return s
	}
	for p.cur().isName("catch", "finally") && !p.bad {
		p.pos++
		if p.cur().isOp("(") {
			p.pos = p.after(p.pos)
		}
		s.clauses = append(s.clauses, clause{body: p.body()})
	}
	return s
}

// simple parses a keyword with expressions after it.
func (p *parser) simple(name string, s stmt) stmt {
	switch name {
	case "return":
		s.kind = stmtReturn
	case "unset":
		s.exprs = []*node{p.expr(0)}
		p.terminate()
		return s
	}
	p.pos++
	for first := true; !p.bad && (first || p.accept(",")); first = false {
		if t := p.cur(); t.isOp(";") || t.kind == tokenHTML || t.kind == tokenEnd {
			break
		}
		s.exprs = append(s.exprs, p.expr(0))
	}
	p.terminate()
	return s
}

// constStatement parses const A = 'x', B = 'y';
func (p *parser) constStatement(s stmt) stmt {
	s.kind = stmtConst
	p.pos++
	for first := true; !p.bad && (first || p.accept(",")); first = false {
		t := p.cur()
		if t.kind != tokenName || !p.peek(1).isOp("=") {
			p.bad = true
			break
		}
		p.pos += 2
		name := &node{kind: nodeLiteral, val: stringValue(t.text), line: t.line}
		s.exprs = append(s.exprs, &node{kind: nodePair, line: t.line, kids: []*node{name, p.expr(precAssign)}})
	}
	p.terminate()
	return s
}

// caseLabel passes over "case expression:" and "default:".
func (p *parser) caseLabel(name string) {
	p.pos++
	if name == "case" {
		p.expr(0)
	}
	if !p.accept(":") && !p.accept(";") {
		p.bad = true
	}
}
