package wpconfig

import "strings"

// precedence is PHP's order of the binary operators, from the weakest; 0 is no
// operator. Those that are not evaluated share two levels. Assignments are not
// among them: they bind to the variable at their left, whatever is before it.
func precedence(op string) int {
	for i, level := range [...]string{" or ", " xor ", " and ", "", " ? ", " ?? ", " || ", " && ",
		" == != === !== <> <=> < <= > >= | ^ & ", " . ", " << >> + - * / % ** instanceof "} {
		if op != "" && strings.Contains(level, " "+op+" ") {
			return i + 1
		}
	}
	return 0
}

const (
	precAssign  = 4
	precTernary = 5
	precUnary   = 12
)

// expr evaluates an expression whose operators bind at least as tightly as least. Parts
// that are not constant make its value unknown.
func (p *parser) expr(least int) value {
	p.depth++
	defer func() { p.depth-- }()
	line := p.cur().line
	if p.bad = p.bad || p.depth > maxNesting; p.live() {
		p.spend(line, 1)
	}
	if p.bad {
		return value{}
	}
	left := p.unary()
	for !p.bad {
		t := p.cur()
		op := strings.ToLower(t.text)
		prec := precedence(op)
		if t.kind != tokenOp && t.kind != tokenName || prec == 0 {
			// nothing but the end of an expression may follow one
			p.bad = t.kind != tokenEnd && t.kind != tokenHTML && t.kind != tokenOp || t.isOp("(") || t.isOp("{") || t.isOp("++") || t.isOp("--")
			break
		}
		if prec < least {
			break
		}
		p.pos++
		left = p.binary(left, op, prec, line)
	}
	return left
}

func (p *parser) binary(left value, op string, prec, line int) value {
	switch op {
	case "?":
		return p.ternary(left, line)
	case "??":
		return p.coalesce(left, line)
	case "&&", "and":
		return p.short(left, left.truth(), prec, line, false)
	case "||", "or":
		return p.short(left, -left.truth(), prec, line, true)
	}
	right := p.expr(prec + 1)
	if !p.live() {
		return value{}
	}
	p.spend(line, (len(left.str)+len(right.str))/bytesPerStep)
	why := left
	if left.isKnown() || right.request && !left.request {
		why = right
	}
	same := maybe
	switch op {
	case ".":
		return p.concat(line, left, right)
	case "===", "!==":
		same = identical(left, right)
	case "==", "!=", "<>":
		same = equal(left, right)
	}
	if op[0] == '!' || op == "<>" {
		same = -same
	}
	return why.truthOf(same)
}

// short is && and ||, whose right side runs if proceed is yes. Otherwise the
// left side is decisive, and the result.
func (p *parser) short(left value, proceed tri, prec, line int, decisive bool) value {
	var right value
	p.when(proceed, line, left, func() { right = p.expr(prec + 1) })
	switch {
	case proceed == no, proceed == maybe && right.truth() == triOf(decisive):
		return boolValue(decisive)
	case proceed == maybe:
		return left.derived("")
	}
	return right.truthOf(right.truth())
}

func (p *parser) ternary(cond value, line int) value {
	then, other := cond, value{}
	if !p.accept(":") {
		p.when(cond.truth(), line, cond, func() { then = p.expr(precAssign) })
		p.bad = p.bad || !p.accept(":")
	}
	p.when(-cond.truth(), line, cond, func() { other = p.expr(precTernary + 1) })
	return choose(cond.truth(), then, other, cond)
}

// choose is one of two values, or an unknown one if what decides is unknown.
func choose(t tri, then, other, decides value) value {
	switch t {
	case yes:
		return then
	case no:
		return other
	}
	return decides.derived("")
}

// coalesce is ??, which groups to the right.
func (p *parser) coalesce(left value, line int) value {
	absent := triOf(left.kind == nullKind)
	if !left.isKnown() {
		absent = maybe
	}
	var right value
	p.when(absent, line, left, func() { right = p.expr(precedence("??")) })
	return choose(absent, right, left, left)
}

// unary evaluates the operators before an operand, and the operand.
func (p *parser) unary() value {
	t := p.cur()
	if t.isOp("(") && p.peek(1).kind == tokenName && p.peek(2).isOp(")") {
		if cast := strings.ToLower(p.peek(1).text); strings.Contains(" string bool boolean int integer array object float double ", " "+cast+" ") {
			p.pos += 3
			return p.prefixed(cast)
		}
	}
	if t.isOp("!") || t.isOp("-") || t.isOp("+") || t.isOp("~") || t.isOp("@") {
		p.pos++
		return p.prefixed(t.text)
	}
	return p.operand()
}

func (p *parser) prefixed(op string) value {
	v := p.expr(precUnary)
	switch op {
	case "!":
		return v.truthOf(-v.truth())
	case "bool", "boolean":
		return v.truthOf(v.truth())
	case "string":
		return v.asString()
	case "@":
		return v
	}
	return v.derived("an expression that this program does not evaluate")
}
