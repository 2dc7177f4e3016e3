package wpconfig

import "strings"

// parser builds statements and expressions out of tokens. What it does not
// understand becomes opaque, and it goes on after that.
type parser struct {
	tokens []token
	match  []int // from matchBrackets
	pos    int
	end    int // where the brackets or the file end that are being parsed
	depth  int
	nodes  int  // in this statement
	bad    bool // the expression being parsed is not understood
}

// maxNodes bounds the expressions of one statement, and with them the depth of
// a chain of operators. A longer statement is opaque.
const maxNodes = 10000

func parse(tokens []token) ([]stmt, *syntaxError) {
	match, err := matchBrackets(tokens)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, match: match, end: len(tokens)}
	return p.statements(p.end), nil
}

func (p *parser) peek(n int) token {
	if p.pos+n < p.end {
		return p.tokens[p.pos+n]
	}
	return token{}
}

func (p *parser) cur() token { return p.peek(0) }

func (p *parser) line() int {
	if p.pos < len(p.tokens) {
		return p.tokens[p.pos].line
	}
	return 0
}

// accept steps over an operator if it is there.
func (p *parser) accept(op string) bool {
	if p.cur().isOp(op) {
		p.pos++
		return true
	}
	return false
}

// enter counts the recursion. Its caller gives up when it is false.
func (p *parser) enter() bool {
	p.depth++
	p.nodes++
	if p.depth > maxNesting || p.nodes > maxNodes {
		p.bad = true
	}
	return !p.bad
}

func (p *parser) leave() { p.depth-- }

// inside runs f on the tokens between the bracket at pos and its partner, and
// steps over both. It is false if f has not understood them to the end.
func (p *parser) inside(f func()) bool {
	closing, end := p.match[p.pos], p.end
	p.pos, p.end = p.pos+1, closing
	f()
	ok := !p.bad && p.pos == closing
	p.bad, p.pos, p.end = false, closing+1, end
	return ok
}

// group parses an expression in brackets.
func (p *parser) group() *node {
	if !p.cur().isOp("(") {
		p.bad = true
		return &node{}
	}
	start := p.pos
	var n *node
	if !p.inside(func() { n = p.expr(0) }) {
		return p.opaque(start)
	}
	return n
}

// opaque is an expression that is not understood and reaches from start to pos.
func (p *parser) opaque(start int) *node {
	return &node{line: p.tokens[start].line, tokens: p.tokens[start:p.pos],
		name: "an expression that this program does not understand"}
}

// list parses what stands in brackets between commas: arguments or the elements
// of an array.
func (p *parser) list() []*node {
	var items []*node
	p.inside(func() {
		for p.pos < p.end {
			items = append(items, p.item())
			p.accept(",")
		}
	})
	return items
}

// item parses one element. It always takes in all that stands before the comma,
// so that one strange element does not hide the others.
func (p *parser) item() *node {
	start := p.pos
	n := p.element()
	if !p.bad && (p.pos == p.end || p.cur().isOp(",")) {
		return n
	}
	p.bad = false
	p.pos = start
	for p.pos < p.end && !p.cur().isOp(",") {
		p.pos = p.after(p.pos)
	}
	if start == p.pos {
		return &node{name: "an empty element"}
	}
	return p.opaque(start)
}

// after is the place behind a token, or behind the bracket that closes it.
func (p *parser) after(i int) int {
	if closer(p.tokens[i]) != "" {
		return p.match[i] + 1
	}
	return i + 1
}

func (p *parser) element() *node {
	n := p.expr(0)
	if p.bad || !p.cur().isOp("=>") {
		return n
	}
	p.pos++
	return &node{kind: nodePair, line: n.line, kids: []*node{n, p.expr(0)}}
}

// expr parses an expression of operators that bind at least as tight as least.
func (p *parser) expr(least int) *node {
	defer p.leave()
	if !p.enter() {
		return &node{}
	}
	left := p.unary()
	for !p.bad {
		op := p.operator()
		prec := precedence(op)
		if prec == 0 || prec < least {
			break
		}
		p.nodes++
		if p.nodes > maxNodes {
			p.bad = true
		}
		p.pos++
		left = p.binary(left, op, prec)
	}
	return left
}

// operator is the binary operator that comes next, if any.
func (p *parser) operator() string {
	t := p.cur()
	if t.kind == tokenOp || t.isName("and", "or", "xor", "instanceof") {
		return strings.ToLower(t.text)
	}
	return ""
}

func (p *parser) binary(left *node, op string, prec int) *node {
	n := &node{kind: nodeBinary, name: op, line: left.line}
	switch op {
	case "?":
		return p.ternary(left)
	case "??", "**": // these group to the right
		n.kids = []*node{left, p.expr(prec)}
	default:
		n.kids = []*node{left, p.expr(prec + 1)}
	}
	return n
}

func (p *parser) ternary(cond *node) *node {
	n := &node{kind: nodeTernary, line: cond.line, kids: []*node{cond, nil, nil}}
	if !p.accept(":") {
		n.kids[1] = p.expr(precAssign)
		p.bad = p.bad || !p.accept(":")
	}
	n.kids[2] = p.expr(precTernary + 1)
	return n
}
