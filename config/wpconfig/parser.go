package wpconfig

import "strings"

// parser follows the tokens of a file: it evaluates an expression and carries
// out a statement while it parses them. What it does not understand it looks
// through for what that could set, and goes on behind it.
type parser struct {
	*reader
	tokens []token
	match  []int // from matchBrackets
	pos    int
	end    int // of the brackets or of the file
	depth  int
	bad    bool // the expression or statement is not understood
	dead   bool // it is in a branch that does not run
}

// live is false where parsing must have no effects.
func (p *parser) live() bool { return !p.dead && !p.bad && p.halt == running }

// when parses what runs only if t is yes. If that is not known, because v is
// not, whatever it sets becomes unknown.
func (p *parser) when(t tri, line int, v value, parse func()) {
	dead, outer, before := p.dead, p.doubt, p.halt
	p.dead = dead || t == no
	if t == maybe {
		p.doubt = &doubt{line, v}
	}
	parse()
	p.dead, p.doubt = dead, outer
	if t == maybe && !p.spent {
		p.halt = before
	}
}

func (p *parser) peek(n int) token {
	if p.pos+n < p.end {
		return p.tokens[p.pos+n]
	}
	return token{}
}

func (p *parser) cur() token { return p.peek(0) }

// accept steps over an operator if it is there.
func (p *parser) accept(op string) bool {
	if p.cur().isOp(op) {
		p.pos++
		return true
	}
	return false
}

// after is the place behind a token, or behind the bracket that closes it.
func (p *parser) after(i int) int {
	if closer(p.tokens[i]) != "" {
		return p.match[i] + 1
	}
	return i + 1
}

// inside parses the tokens between the bracket at pos and its partner, and
// steps over both. It is false if they were not understood to the end.
func (p *parser) inside(parse func()) bool {
	closing, end := p.match[p.pos], p.end
	p.pos, p.end = p.pos+1, closing
	parse()
	ok := !p.bad && p.pos == closing
	p.bad, p.pos, p.end = false, closing+1, end
	return ok
}

// group evaluates an expression in brackets.
func (p *parser) group() (v value) {
	if !p.cur().isOp("(") {
		p.bad = true
		return v
	}
	start := p.pos
	if !p.inside(func() { v = p.expr(0) }) {
		return p.opaque(start)
	}
	return v
}

// opaque is the value of an expression that is not understood and reaches from
// start to pos.
func (p *parser) opaque(start int) value {
	if p.live() {
		p.scan(p.tokens[start:p.pos], "")
	}
	return unknown("an expression that this program does not understand")
}

// item is an argument of a call, or an element of an array.
type item struct {
	key, val      value
	keyed, opaque bool
	tokens        []token
}

// list evaluates what stands in brackets between commas.
func (p *parser) list() []item {
	var items []item
	p.inside(func() {
		for p.pos < p.end {
			items = append(items, p.item())
			p.accept(",")
		}
	})
	return items
}

// item always takes in all that stands before the comma, so that one strange
// element does not hide the others.
func (p *parser) item() item {
	start := p.pos
	it := item{val: p.expr(0)}
	if !p.bad && p.accept("=>") {
		it.key, it.keyed = it.val, true
		it.val = p.expr(0)
	}
	it.tokens = p.tokens[start:p.pos]
	if !p.bad && (p.pos == p.end || p.cur().isOp(",")) {
		return it
	}
	p.bad = false
	for p.pos = start; p.pos < p.end && !p.cur().isOp(","); {
		p.pos = p.after(p.pos)
	}
	return item{val: p.opaque(start), opaque: true}
}

// array builds an array with PHP's keys. An array with parts that are not
// understood is unknown as a whole.
func array(items []item) value {
	elems, next := map[string]value{}, int64(0)
	for _, it := range items {
		key := it.key
		if !it.keyed {
			key = intValue(next)
		}
		if !key.isScalar() || it.opaque {
			return unknown("an array that this program does not evaluate")
		}
		if key.kind == intKind {
			next = max(next, key.num+1)
		}
		elems[key.text()] = it.val
	}
	return value{kind: arrayKind, elems: elems}
}

// constantName drops the backslash of the global namespace.
func constantName(name string) string { return strings.TrimPrefix(name, `\`) }
