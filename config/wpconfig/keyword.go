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
		n.kind = nodeExit
		if p.cur().isOp("(") {
			n.kids = p.list()
		}
	case "new":
		p.pos++
		n.name = "a new " + p.cur().text
		p.bad = p.bad || p.cur().kind != tokenName
		if p.pos++; p.cur().isOp("(") {
			n.kids = p.list()
		}
	case "array", "list":
		if p.peek(1).isOp("(") {
			p.pos++
			n.kind, n.kids = nodeArray, p.list()
			return n
		}
		return p.callOrConstant(t)
	case "print", "clone", "throw", "yield", "function", "fn", "static", "match":
		p.bad = true
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

// constantName drops the backslash of the global namespace.
func constantName(name string) string { return strings.TrimPrefix(name, `\`) }
