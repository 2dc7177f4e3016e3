package wpconfig

import "strings"

// define sets a constant, of which the first definition wins, or else the last.
// The ABSPATH that reading begins with gives way to the file's own.
func (r *reader) define(name string, v value, first bool, line int) {
	r.noteSecret(name, v)
	old, had := r.consts[name]
	assumed := had && old.at.Line == 0
	if had && first && !assumed {
		return
	}
	if !first && r.doubt == nil {
		r.forgive(name)
	}
	r.check(name, v, line)
	k := constant{val: v, at: r.position(line)}
	if r.doubt != nil && !assumed {
		k.val, k.unsure = r.doubtful("the constant "+shownName(name)+", which is defined"), true
	}
	r.consts[name] = k
}

// check blames a setting that is set to what cannot be relied on.
func (r *reader) check(name string, v value, line int) {
	switch d := r.doubt; {
	case !isSetting(name):
	case d != nil:
		r.blame(name, line, "set under a condition that this program cannot evaluate (line "+intValue(int64(d.line)).text()+": "+d.val.reason()+")", d.val)
	case !usable(name, v):
		r.blame(name, line, "set from "+v.reason(), v)
	}
}

// setVar sets a variable, of which the last assignment wins.
func (r *reader) setVar(name string, v value, line int) {
	r.noteSecret(name, v)
	if name == "table_prefix" {
		if r.doubt == nil {
			r.forgive(TablePrefix)
			r.prefix = r.position(line)
		}
		r.check(TablePrefix, v, line)
	}
	if r.doubt != nil {
		v = r.doubtful("$" + shownName(name) + ", which is set")
	}
	r.vars[name] = v
}

// doubtful is the value of what is set in a branch that may run or not.
func (r *reader) doubtful(what string) value {
	v := r.doubt.val
	v.why = ""
	return v.derived(what + " under a condition that this program cannot evaluate")
}

// noteSecret goes by the names that WordPress and its plugins give to constants
// with a secret in them.
func (r *reader) noteSecret(name string, v value) {
	for _, word := range []string{"PASS", "KEY", "SALT", "SECRET", "TOKEN"} {
		if v.kind == stringKind && v.str != "" && strings.Contains(strings.ToUpper(name), word) {
			r.secrets = append(r.secrets, v.str)
			return
		}
	}
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
			r.mislay(tokens[i+2].text, how, t.line)
		case t.isName("define", "eval") && next.isOp("("):
			r.blind(t.line, "defines constants in "+how+"; write each with its name as a string in quotes", "", value{})
		case t.isName("const") && next.kind == tokenName:
			r.mislay(next.text, how, t.line)
		case t.isName("include", "include_once", "require", "require_once"):
			r.blind(t.line, includes+"in a statement that this program does not understand; "+giveIncluded, "", value{})
		case t.kind == tokenName:
			r.noteLoader(t.text)
		}
	}
}

// isSet reports whether the variable at i is assigned to.
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
	isTarget := at < len(tokens) && tokens[at].kind == tokenOp && (isAssignment(tokens[at].text) || tokens[at].isOp("++") || tokens[at].isOp("--"))
	return isTarget || i > 0 && (tokens[i-1].isName("as") || tokens[i-1].isOp("=>") || tokens[i-1].isOp("&"))
}

// mislay makes a constant unknown that is set in a way that is not understood,
// even if a part of that was, and has set it.
func (r *reader) mislay(name, how string, line int) {
	if r.consts[name].at == r.position(line) {
		delete(r.consts, name)
	}
	r.define(name, unknown(how), true, line)
}
