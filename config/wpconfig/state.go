package wpconfig

// define sets a constant, of which the first definition wins, or else the last.
func (r *reader) define(name string, v value, first bool, line int) {
	if isSecret(name) && v.kind == stringKind && v.str != "" {
		r.secrets = append(r.secrets, v.str)
	}
	old, had := r.consts[name]
	if had && first && !old.unsure && old.at.Line > 0 {
		return
	}
	if !first && len(r.doubts) == 0 {
		r.forgive(name)
	}
	r.check(name, v, line)
	r.setConst(name, constant{val: v, at: r.position(line)})
}

// check blames a setting that is set to what cannot be relied on.
func (r *reader) check(name string, v value, line int) {
	switch {
	case !isSetting(name):
	case len(r.doubts) > 0:
		d := r.doubts[len(r.doubts)-1]
		r.blame(name, line, "set under a condition that this program cannot evaluate (line "+intValue(int64(d.line)).text()+": "+d.val.reason()+")", d.val)
	case !usable(name, v):
		r.blame(name, line, "set from "+v.reason(), v)
	}
}

func (r *reader) setConst(name string, k constant) {
	old, had := r.consts[name]
	r.log(change{name: name, constant: &old, had: had})
	r.consts[name] = k
}

// setVar sets a variable, of which the last assignment wins.
func (r *reader) setVar(name string, v value, line int) {
	if name == "table_prefix" {
		if len(r.doubts) == 0 {
			r.forgive(TablePrefix)
			r.prefix = r.position(line)
		}
		r.check(TablePrefix, v, line)
	}
	if isSecret(name) && v.kind == stringKind && v.str != "" {
		r.secrets = append(r.secrets, v.str)
	}
	old, had := r.vars[name]
	r.log(change{name: name, val: old, had: had})
	r.vars[name] = v
}

func (r *reader) log(c change) {
	if len(r.doubts) > 0 {
		r.changes = append(r.changes, c)
	}
}

// unsure follows branches of which it is not known whether they run. Each
// begins with the state before; afterwards whatever one of them has set is
// unknown.
func (r *reader) unsure(line int, v value, branches ...func()) {
	r.doubts = append(r.doubts, doubt{line, v})
	var touched []change
	for _, branch := range branches {
		start := len(r.changes)
		branch()
		touched = append(touched, r.changes[start:]...)
		r.rollback(start)
		if !r.spent {
			r.halt = running
		}
	}
	r.spend(line, len(touched))
	r.doubts = r.doubts[:len(r.doubts)-1]
	for _, c := range touched {
		r.blur(c, v)
	}
}

func (r *reader) rollback(start int) {
	for i := len(r.changes) - 1; i >= start; i-- {
		switch c := r.changes[i]; {
		case c.constant != nil && c.had:
			r.consts[c.name] = *c.constant
		case c.constant != nil:
			delete(r.consts, c.name)
		case c.had:
			r.vars[c.name] = c.val
		default:
			delete(r.vars, c.name)
		}
	}
	r.changes = r.changes[:start]
}

func (r *reader) blur(c change, v value) {
	v.why = ""
	if c.constant == nil {
		old, had := r.vars[c.name]
		r.log(change{name: c.name, val: old, had: had})
		r.vars[c.name] = v.derived("$" + shownName(c.name) + ", which is set under a condition that this program cannot evaluate")
		return
	}
	r.setConst(c.name, constant{unsure: true,
		val: v.derived("the constant " + shownName(c.name) + ", which is defined under a condition that this program cannot evaluate")})
}

// scan looks through tokens that were not understood for what would set
// something; how says what they are.
func (r *reader) scan(tokens []token, how string) {
	if len(tokens) == 0 || !r.spend(tokens[0].line, len(tokens)/4) {
		return
	}
	how += onlyIf(how == "", "a statement that this program does not understand")
	for i := 0; i+1 < len(tokens); i++ {
		t, next := tokens[i], tokens[i+1]
		switch {
		case t.kind == tokenVariable && r.isSet(tokens, i):
			r.setVar(t.text, unknown(how), t.line)
		case t.isName("define") && next.isOp("(") && i+2 < len(tokens) && tokens[i+2].kind == tokenString:
			r.define(tokens[i+2].text, unknown(how), true, t.line)
		case t.isName("define", "eval") && next.isOp("("):
			r.blind(t.line, "defines constants in "+how+"; write each with its name as a string in quotes", "", value{})
		case t.isName("const") && next.kind == tokenName:
			r.define(next.text, unknown(how), true, t.line)
		case t.isName("include", "include_once", "require", "require_once"):
			r.blind(t.line, includes+"in a statement that this program does not understand; "+giveIncluded, "", value{})
		case t.isName("putenv") && next.isOp("("):
			r.putenv = true
		case t.kind == tokenName:
			r.heedLoader(t.text)
		}
	}
}

// isSet says whether the variable at i is assigned to.
func (r *reader) isSet(tokens []token, i int) bool {
	if tokens[i].text == "GLOBALS" {
		return false
	}
	at := i + 1
	for depth := 0; at < len(tokens) && (depth > 0 || tokens[at].isOp("[")); at++ { // over its keys
		if tokens[at].isOp("[") {
			depth++
		} else if tokens[at].isOp("]") {
			depth--
		}
	}
	if at >= len(tokens) {
		return false
	}
	next := tokens[at]
	if next.kind == tokenOp && (isAssignment(next.text) || next.text == "++" || next.text == "--") {
		return true
	}
	return i > 0 && (tokens[i-1].isName("as") || tokens[i-1].isOp("=>") || tokens[i-1].isOp("&"))
}
