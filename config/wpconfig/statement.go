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
		if p.pos > start && t.isName("elseif", "else", "endif", "endwhile", "endfor", "endforeach", "endswitch", "enddeclare") {
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

// isKeyword is false for a name that is called, qualified or assigned to.
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
	case "while", "for", "foreach", "switch", "declare":
		return p.loop(name, s)
	case "do", "try":
		return p.doOrTry(name, s)
	case "return", "echo", "unset", "break", "continue", "goto", "throw":
		return p.simple(name, s)
	case "const":
		return p.constStatement(s)
	case "global", "use", "static":
		return p.declaration(name, s)
	case "namespace":
		p.pos++
		if p.cur().kind == tokenName {
			p.pos++
		}
	case "case", "default":
		p.caseLabel(name)
	case "function", "class", "interface", "trait", "abstract", "final", "enum", "readonly":
		return p.definition(name, s)
	default:
		return p.labelOrExpression(s)
	}
	return s
}

func (p *parser) labelOrExpression(s stmt) stmt {
	if p.peek(1).isOp(":") {
		p.pos += 2
		return s
	}
	s.exprs = []*node{p.expr(0)}
	p.terminate()
	return s
}

// definition passes over a function or class, whose body does not run where it
// stands.
func (p *parser) definition(name string, s stmt) stmt {
	next := p.peek(1)
	closure := name == "function" && next.isOp("(")
	if closure || next.kind != tokenName && !next.isOp("&") {
		return p.labelOrExpression(s)
	}
	p.skipBlock()
	return s
}

// declaration passes over global and use. A static variable is set by its
// function only, so at the top of a file it is left opaque.
func (p *parser) declaration(name string, s stmt) stmt {
	if name == "static" {
		if p.peek(1).kind != tokenVariable {
			return p.labelOrExpression(s)
		}
		p.bad = true
		return s
	}
	p.skipUntil(";")
	p.terminate()
	return s
}
