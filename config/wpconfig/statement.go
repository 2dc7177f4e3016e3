package wpconfig

import "strings"

func (p *parser) statements() {
	for p.pos < p.end {
		p.statement()
	}
}

// statement carries out one statement, which always takes in at least one token.
func (p *parser) statement() {
	p.depth++
	defer func() { p.depth-- }()
	start := p.pos
	if p.live() {
		p.spend(p.cur().line, 1)
	}
	if p.bad = p.depth > maxNesting; !p.bad {
		p.statementOf(p.cur())
	}
	if p.bad || p.pos == start {
		p.bad = false
		p.recover(start)
	}
}

// recover passes over a statement that was not understood: to its semicolon, to
// the end of its block, or to the keyword that ends the block around it.
func (p *parser) recover(start int) {
	for p.pos = start; p.pos < p.end; {
		t := p.cur()
		if p.pos > start && t.isName("elseif", "else", "endif") {
			break
		}
		p.pos = p.after(p.pos)
		if t.isOp(";") || t.isOp("{") {
			break
		}
	}
	p.opaque(start)
}

func (p *parser) statementOf(t token) {
	switch {
	case t.kind == tokenHTML, t.isOp(";"):
		p.pos++
	case t.isOp("{"):
		p.inside(p.statements)
	case t.kind == tokenName && !p.peek(1).isOp("::") && !strings.Contains(t.text, `\`):
		p.keyword(strings.ToLower(t.text))
	default:
		p.expr(0)
		p.terminate()
	}
}

// terminate steps over the end of a statement.
func (p *parser) terminate() {
	if !p.accept(";") && p.cur().kind != tokenHTML && p.pos < p.end {
		p.bad = true
	}
}

// keyword carries out a statement that begins with a keyword, or with another name.
func (p *parser) keyword(name string) {
	switch name {
	case "if":
		p.ifStatement()
	case "while", "for", "foreach", "switch", "do", "try", "catch", "finally":
		p.passed(name)
	case "return", "echo", "const":
		p.simple(name)
	case "namespace":
		p.pos++ // its name, if it has one, is read as a constant
	case "function", "class", "interface", "trait", "abstract", "final", "enum", "readonly":
		if p.bad = p.peek(1).kind != tokenName && !p.peek(1).isOp("&"); p.bad {
			return // a closure, or a name that is no keyword here
		}
		for p.pos < p.end && !p.cur().isOp("{") && !p.cur().isOp(";") {
			p.pos = p.after(p.pos)
		}
		if p.bad = !p.cur().isOp("{"); !p.bad {
			p.pos = p.after(p.pos)
		}
	default:
		p.expr(0)
		p.terminate()
	}
}

// ifStatement follows the branch whose condition is true. From the first
// condition that cannot be evaluated, all branches that are left may run.
func (p *parser) ifStatement() {
	left, line, why, colon := yes, 0, value{}, false
	for p.pos++; ; p.pos++ {
		last, cond := p.tokens[p.pos-1].isName("else"), yes
		if !last {
			var v value
			at := p.cur().line
			p.when(left, line, why, func() { v = p.group() })
			if cond = v.truth(); cond == maybe {
				line, why = at, v
			}
		}
		if p.bad {
			return
		}
		p.when(min(left, cond), line, why, func() { colon = p.body("elseif", "else", "endif") })
		left = min(left, -cond)
		if last || !p.cur().isName("elseif", "else") {
			break
		}
	}
	if colon { // else an endif belongs to the if around this one
		p.pos++
		p.terminate()
	}
}

// body carries out what a condition governs, in either of PHP's syntaxes: one
// statement, or a colon and statements up to one of the keywords.
func (p *parser) body(until ...string) (colon bool) {
	if p.pos >= p.end {
		p.bad = true
	} else if colon = p.accept(":"); !colon {
		p.statement()
	}
	for colon && p.pos < p.end && !p.cur().isName(until...) {
		p.statement()
	}
	return colon
}

// simple carries out return, echo and const, which have expressions after them.
func (p *parser) simple(name string) {
	p.pos++
	v := value{kind: nullKind}
	for first := true; !p.bad && (first || p.accept(",")); first = false {
		if t := p.cur(); t.isOp(";") || t.kind == tokenHTML || t.kind == tokenEnd {
			break
		}
		v = p.expr(0)
	}
	if p.terminate(); name == "return" && p.live() {
		p.result, p.halt = v, fileDone
	}
}

// passed passes over a whole loop, switch or try. What it could set is found by
// looking through its tokens.
func (p *parser) passed(name string) {
	start := p.pos
	p.pos++
	if p.cur().isOp("(") {
		p.pos = p.after(p.pos)
	}
	p.when(no, 0, value{}, func() {
		if p.body("end" + name) {
			p.pos++
			p.terminate()
		}
	})
	if p.live() {
		p.scan(p.tokens[start:p.pos], "a "+name+" statement, which this program does not follow")
	}
}
