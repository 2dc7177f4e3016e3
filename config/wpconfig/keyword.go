package wpconfig

import "strings"

// named parses an operand that begins with a keyword or a name.
func (p *parser) named(t token) *node {
	n := &node{line: t.line}
	switch name := strings.ToLower(constantName(t.text)); name {
	case "include", "include_once", "require", "require_once":
		p.pos++
		n.kind, n.name, n.kids = nodeInclude, name, []*node{p.expr(precAssign)}
	case "exit", "die":
		p.pos++
		n.kind, n.kids = nodeExit, p.arguments()
	case "print", "clone", "throw", "yield":
		p.pos++
		n.name = "the keyword " + name
		if !p.cur().isOp(";") && p.pos < p.end {
			n.kids = []*node{p.expr(precAssign)}
		}
	case "array", "list":
		if p.peek(1).isOp("(") {
			p.pos++
			n.kind, n.kids = nodeArray, p.list()
			return n
		}
		return p.callOrConstant(t)
	case "new", "function", "fn", "static", "match":
		return p.skipped(name)
	default:
		return p.callOrConstant(t)
	}
	return n
}

func (p *parser) callOrConstant(t token) *node {
	p.pos++
	if p.cur().isOp("(") {
		return &node{kind: nodeCall, name: constantName(t.text), line: t.line, kids: p.list()}
	}
	return &node{kind: nodeConstant, name: constantName(t.text), line: t.line}
}

// arguments parses the arguments of a keyword that may stand without any.
func (p *parser) arguments() []*node {
	if p.cur().isOp("(") {
		return p.list()
	}
	return nil
}

// skipped passes over what has a value that is never a setting.
func (p *parser) skipped(name string) *node {
	n := &node{name: "the keyword " + name, line: p.line()}
	switch next := p.peek(1); {
	case name == "new":
		p.pos++
		p.skipNew(n)
	case name == "static" && next.isName("function", "fn"):
		p.pos++
		return p.skipped(strings.ToLower(next.text))
	case name == "match" && next.isOp("("):
		start := p.pos
		p.pos++
		p.group()
		p.skipBlock()
		n.tokens = p.tokens[start:p.pos]
	case name == "function":
		p.skipBlock()
	case name == "fn":
		p.skipUntil("=>")
		p.accept("=>")
		p.expr(precAssign) // not kept: it runs only when called
	default: // static::, or a name that is no keyword here
		return p.callOrConstant(p.cur())
	}
	return n
}

func (p *parser) skipNew(n *node) {
	if p.cur().isOp("#[") {
		p.pos = p.after(p.pos)
	}
	switch t := p.cur(); {
	case t.isName("class"):
		p.skipBlock()
		return
	case t.kind == tokenName, t.kind == tokenVariable:
		n.name = "a new " + t.text
		p.pos++
	case t.isOp("("):
		p.group()
	default:
		p.bad = true
	}
	n.kids = p.arguments()
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
