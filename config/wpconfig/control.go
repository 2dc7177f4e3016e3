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

// simple parses a keyword with expressions after it.
func (p *parser) simple(name string, s stmt) stmt {
	if name == "return" {
		s.kind = stmtReturn
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
