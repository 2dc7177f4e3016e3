package wpconfig

import (
	"strconv"
	"strings"
)

// operand evaluates what operators work on: a literal, a variable, a call and so
// on, with the indices, members and the assignment that follow it.
func (p *parser) operand() value {
	start, line := p.pos, p.cur().line
	v, name := p.primary()
	for !p.bad {
		t := p.cur()
		switch {
		case t.isOp("["):
			v, name = p.index(v, name)
			continue
		case t.isOp("->"), t.isOp("?->"), t.isOp("::"):
			v, name = p.member(v), ""
			continue
		case t.isOp("(") && p.tokens[p.pos-1].kind == tokenVariable:
			p.list()
			v, name = unknown("a call of a function that a variable names"), ""
			continue
		case t.kind == tokenOp && isAssignment(t.text):
			v = p.assignment(p.tokens[start:p.pos], name, v, line)
		}
		return v
	}
	return value{}
}

func isAssignment(op string) bool {
	return strings.Contains(" = .= ??= += -= *= /= %= **= &= |= ^= <<= >>= ", " "+op+" ")
}

// primary is an operand without what follows it. If that is a variable it has a
// name too.
func (p *parser) primary() (v value, name string) {
	t := p.cur()
	switch {
	case t.kind == tokenName:
		return p.named(t), ""
	case t.isOp("("):
		return p.group(), ""
	case t.isOp("["):
		return array(p.list()), ""
	}
	p.pos++
	switch t.kind {
	case tokenVariable:
		if p.live() {
			v = p.variable(t.text)
		}
		return v, t.text
	case tokenString:
		return stringValue(t.text), ""
	case tokenNumber:
		if n, err := strconv.ParseInt(t.text, 0, 64); err == nil {
			return intValue(n), ""
		}
		return unknown("a number that is not an integer"), ""
	case tokenOpaque:
		return unknown(t.text + ", which this program does not evaluate"), ""
	}
	p.bad = true
	return v, ""
}

// named evaluates an operand that begins with a keyword or a name.
func (p *parser) named(t token) value {
	p.pos++
	name := constantName(t.text)
	switch keyword := strings.ToLower(name); keyword {
	case "include", "include_once", "require", "require_once":
		path := p.expr(precAssign)
		if p.live() {
			return p.evalInclude(keyword, path, t.line)
		}
		return value{}
	case "exit", "die", "__halt_compiler":
		p.arguments()
		p.exit(t.line)
		return unknown("an exit")
	case "new":
		class := p.cur()
		p.bad = class.kind != tokenName
		p.pos++
		return p.foreign("a new "+class.text, p.arguments())
	case "array", "list":
		if p.cur().isOp("(") {
			return array(p.list())
		}
	case "print", "clone", "throw", "yield", "function", "fn", "static", "match":
		p.bad = true
		return value{}
	}
	if p.cur().isOp("::") && p.peek(1).kind == tokenName && p.peek(2).isOp("(") {
		name += "::" + p.peek(1).text
		p.pos += 2
	}
	if p.cur().isOp("(") {
		return p.call(name, t.line)
	}
	if !p.live() {
		return value{}
	}
	return p.evalConstant(name, t.line)
}

// arguments are those of a call, if brackets follow.
func (p *parser) arguments() []item {
	if p.bad || !p.cur().isOp("(") {
		return nil
	}
	return p.list()
}

// exit ends the reading. What comes after it cannot set anything.
func (p *parser) exit(line int) {
	if !p.live() {
		return
	}
	if p.doubt == nil {
		p.blind(line, "reading ends at this exit, as it does in PHP"+onlyIf(p.env.Host != "", " for the host that is set")+
			"; if WordPress does not get here, correct host (--host) or make the condition before it one that this program can evaluate", "", value{})
	}
	p.halt = allDone
}

// member is ->name, ::name or ::$name, with the arguments of a call.
func (p *parser) member(object value) value {
	t := p.peek(1)
	p.bad = t.kind != tokenName && t.kind != tokenVariable
	p.pos += 2
	what := "a member of an object or class"
	if p.cur().isOp("(") {
		what = "a call of a method, which this program does not evaluate"
	}
	return p.foreign(what, append(p.arguments(), item{val: object}))
}

// foreign is the value of what is not evaluated. If it works on what only a web
// request has, that is the better explanation.
func (p *parser) foreign(what string, args []item) value {
	if p.live() {
		p.noteLoader(what)
	}
	for _, arg := range args {
		if arg.val.request {
			return arg.val.derived("")
		}
	}
	return unknown(what)
}

// index is an element of an array. The elements of $_SERVER and $_ENV are
// variables of their own, since what is not set there comes from the
// environment.
func (p *parser) index(base value, name string) (value, string) {
	items := p.list()
	if len(items) != 1 || !p.live() {
		return unknown("an expression that this program does not evaluate"), ""
	}
	key := items[0].val
	switch {
	case key.isScalar() && name == "GLOBALS":
		return p.variable(key.text()), key.text()
	case key.isScalar() && (name == "_SERVER" || name == "_ENV"):
		name += "[" + key.text()
		return p.variable(name), name
	case base.kind != arrayKind:
		return base.derived(""), ""
	case !key.isScalar():
		return key.derived(""), ""
	}
	if found, ok := base.elems[key.text()]; ok {
		return found, ""
	}
	return value{kind: nullKind, why: "an element of an array that has no such key"}, ""
}

// assignment assigns to a variable. An operator other than = and .= makes it
// unknown, and so does an assignment to an element.
func (p *parser) assignment(target []token, name string, old value, line int) value {
	op := p.cur().text
	p.pos++
	p.accept("&")
	v := p.expr(precAssign)
	switch {
	case !p.live():
		return value{}
	case op == ".=" && name != "":
		v = p.concat(line, old, v)
	case op != "=":
		v = unknown("a calculation, which this program does not do")
	}
	p.assign(target, name, v, line)
	return v
}

func (p *parser) assign(target []token, name string, v value, line int) {
	first := target[0]
	switch {
	case name != "":
		p.setVar(name, v, line)
	case first.kind == tokenName && len(target) == 1: // const NAME = value
		p.define(first.text, v, true, first.line)
	case first.kind == tokenVariable:
		p.setVar(first.text, unknown("$"+shownName(first.text)+", of which elements are set one by one"), line)
	default:
		for _, t := range target {
			if t.kind == tokenVariable {
				p.setVar(t.text, v.derived("the elements of a list, which this program does not take apart"), line)
			}
		}
	}
}
