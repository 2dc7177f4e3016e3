package wpconfig

import "strings"

// statements parses up to end.
func (p *parser) statements(end int) []stmt {
	outer := p.end
	p.end = end
	var list []stmt
	for p.pos < p.end {
		list = append(list, p.statement())
	}
	p.end = outer
	return list
}

// statement parses one statement, which always takes in at least one token.
func (p *parser) statement() stmt {
	start := p.pos
	p.nodes = 0
	defer p.leave()
	s := stmt{line: p.line()}
	if p.enter() {
		s = p.statementOf(p.cur())
	}
	if !p.bad && p.pos > start {
		return s
	}
	p.bad = false
	return p.recover(start)
}

// recover passes over a statement that was not understood: to its semicolon, to
// the end of its block, or to the keyword that ends the block around it.
func (p *parser) recover(start int) stmt {
	p.pos = start
	for p.pos < p.end {
		t := p.cur()
		if p.pos > start && t.isName("elseif", "else", "endif") {
			break
		}
		p.pos = p.after(p.pos)
		if t.isOp(";") || t.isOp("{") {
			break
		}
	}
	return stmt{kind: stmtOpaque, line: p.tokens[start].line, tokens: p.tokens[start:p.pos]}
}

func (p *parser) statementOf(t token) stmt {
	s := stmt{line: t.line}
	switch {
	case t.kind == tokenHTML, t.isOp(";"):
		p.pos++
	case t.isOp("#["):
		p.pos = p.after(p.pos)
	case t.isOp("{"):
		s.kind, s.body = stmtBlock, p.block()
	case t.kind == tokenName && p.isKeyword(t):
		return p.keyword(strings.ToLower(t.text), s)
	default:
		s.exprs = []*node{p.expr(0)}
		p.terminate()
	}
	return s
}

// isKeyword is false for a qualified name.
func (p *parser) isKeyword(t token) bool {
	next := p.peek(1)
	return !next.isOp("::") && !strings.Contains(t.text, `\`)
}

// terminate steps over the end of a statement.
func (p *parser) terminate() {
	if !p.accept(";") && p.cur().kind != tokenHTML && p.pos < p.end {
		p.bad = true
	}
}

// block parses the statements between braces.
func (p *parser) block() []stmt {
	closing := p.match[p.pos]
	p.pos++
	list := p.statements(closing)
	p.pos = closing + 1
	return list
}

// body parses what a condition or loop governs, in either of PHP's syntaxes:
// one statement, or a colon and statements up to one of the keywords.
func (p *parser) body(until ...string) []stmt {
	if p.pos >= p.end {
		p.bad = true
		return nil
	}
	if !p.accept(":") {
		return []stmt{p.statement()}
	}
	var list []stmt
	for p.pos < p.end && !p.cur().isName(until...) {
		list = append(list, p.statement())
	}
	return list
}

// keyword parses a statement that begins with a keyword. A name that is none is
// an expression or the label of a goto.
func (p *parser) keyword(name string, s stmt) stmt {
	switch name {
	case "if":
		return p.ifStatement(s)
	case "while", "for", "foreach", "switch", "do", "try":
		return p.passed(name, s)
	case "return", "echo":
		return p.simple(name, s)
	case "const":
		return p.constStatement(s)
	case "namespace":
		p.pos++
		if p.cur().kind == tokenName {
			p.pos++
		}
	case "use", "global", "break", "continue", "goto", "declare":
		p.skipUntil(";")
		p.terminate()
	case "function", "class", "interface", "trait", "abstract", "final", "enum", "readonly":
		if next := p.peek(1); next.kind != tokenName && !next.isOp("&") {
			p.bad = true // a closure, or a name that is no keyword here
			return s
		}
		p.skipBlock()
	default:
		if p.peek(1).isOp(":") {
			p.pos += 2
			return s
		}
		s.exprs = []*node{p.expr(0)}
		p.terminate()
	}
	return s
}

// passed takes in a whole loop, switch or try, which is not followed. What it
// would set is found by looking through its tokens.
func (p *parser) passed(name string, s stmt) stmt {
	start := p.pos
	s.kind, s.name = stmtOpaque, "a "+name+" statement, which this program does not follow"
	for more := true; more && !p.bad; more = p.cur().isName("catch", "finally") || name == "do" && p.cur().isName("while") {
		p.pos++
		if p.cur().isOp("(") {
			p.pos = p.after(p.pos)
		}
		if name == "do" && p.accept(";") {
			break
		}
		p.passBody("end" + name)
	}
	s.tokens = p.tokens[start:p.pos]
	return s
}

// passBody steps over what a loop governs, up to end in the form with a colon.
func (p *parser) passBody(end string) {
	switch {
	case p.cur().isOp("{"):
		p.pos = p.after(p.pos)
	case p.accept(":"):
		for depth := 1; depth > 0 && p.pos < p.end; p.pos = p.after(p.pos) {
			if p.cur().isName(end) {
				depth--
			} else if p.cur().isName(end[len("end"):]) && p.peek(1).isOp("(") {
				if then := p.after(p.pos + 1); then < p.end && p.tokens[then].isOp(":") {
					depth++
				}
			}
		}
		p.terminate()
	default:
		p.statement()
	}
}

// skipBlock passes over everything up to the next block in braces and over that
// block.
func (p *parser) skipBlock() {
	p.skipUntil("{")
	if !p.cur().isOp("{") {
		p.bad = true
		return
	}
	p.pos = p.after(p.pos)
}

// skipUntil goes to the next op outside of brackets, but not beyond a statement.
func (p *parser) skipUntil(op string) {
	for p.pos < p.end && !p.cur().isOp(op) && !p.cur().isOp(";") {
		p.pos = p.after(p.pos)
	}
}
