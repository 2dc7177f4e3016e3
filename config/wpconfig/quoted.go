package wpconfig

import "strings"

// quoted reads a string, or a command in backticks. A string with expressions in
// it becomes what PHP makes of it: a concatenation.
func (l *lexer) quoted() {
	line, quote := l.line, l.src[l.pos]
	op := func(text string) token { return token{kind: tokenOp, text: text, line: line} }
	var pieces []token
	var text strings.Builder
	for l.pos++; l.err == nil && !l.has(string(quote)); {
		if l.pos >= len(l.src) {
			l.fail(line, "the string that begins here is never closed; add its closing quote, or a backslash before a quote within it")
			return
		}
		var code []token
		if quote != '\'' {
			code = l.interpolation()
		}
		if code == nil {
			text.WriteString(l.escape(quote))
			continue
		}
		pieces = append(pieces, token{kind: tokenString, text: text.String(), line: line}, op("."), op("("))
		pieces = append(append(pieces, code...), op(")"), op("."))
		text.Reset()
	}
	l.pos = min(l.pos+1, len(l.src))
	last := token{kind: tokenString, text: text.String(), line: line}
	switch {
	case quote == '`':
		l.tokens = append(l.tokens, token{kind: tokenOpaque, text: "a command", line: line})
	case len(pieces) == 0:
		l.tokens = append(l.tokens, last)
	default:
		l.tokens = append(append(append(l.tokens, op("(")), pieces...), last, op(")"))
	}
}

// escape reads one character of a string, or one escape sequence. A backslash
// that begins none of them stands for itself.
func (l *lexer) escape(quote byte) string {
	c := l.src[l.pos]
	if c != '\\' || l.pos+1 >= len(l.src) {
		l.advance(1)
		return string([]byte{c})
	}
	next := l.src[l.pos+1]
	letters, meanings := `\ntrvef$`, "\\\n\t\r\v\x1b\f$"
	if quote == '\'' {
		letters = `\`
	}
	if i := strings.IndexByte(letters, next); i >= 0 {
		l.pos += 2
		return meanings[i : i+1]
	}
	switch next {
	case quote:
		l.pos += 2
		return string([]byte{quote})
	case '{': // PHP keeps this backslash, but takes no expression after it
		l.pos += 2
		return `\{`
	}
	l.pos++
	return `\`
}

// interpolation reads a variable, a braced expression or an escape that is not
// evaluated in a string, and is nil if none begins here. Of "$name[key]" and
// "$name->property" the value is not known.
func (l *lexer) interpolation() []token {
	switch {
	case l.has("{$"):
		l.pos++
		return l.braced()
	case l.has("${"):
		line := l.line
		l.pos += 2
		l.braced()
		return []token{{kind: tokenOpaque, text: "a variable as ${…} in a string", line: line}}
	case l.src[l.pos] == '$' && isNameStart(l.at(1)):
		l.pos++
		t := token{kind: tokenVariable, text: l.take(nameLength(l.src[l.pos:])), line: l.line}
		if l.has("[") || l.has("->") && isNameStart(l.at(2)) {
			t = token{kind: tokenOpaque, text: "an element of $" + t.text + " in a string without braces", line: l.line}
		}
		return []token{t}
	case l.src[l.pos] == '\\' && (l.at(1) >= '0' && l.at(1) <= '7' || l.at(1) == 'x' || l.at(1) == 'u'):
		l.pos += 2
		return []token{{kind: tokenOpaque, text: "a numeric escape such as \\x41 in a string", line: l.line}}
	}
	return nil
}

// braced reads code up to the brace that closes it.
func (l *lexer) braced() []token {
	line, outer := l.line, l.tokens
	l.tokens = nil
	if l.depth++; l.depth > maxNesting/4 {
		l.fail(line, "nests strings within strings too deep; build the value up in variables instead")
	}
	for open := 1; l.err == nil && open > 0; {
		switch {
		case l.pos >= len(l.src):
			l.fail(line, "the brace that begins an expression in this string is never closed; add its }")
			continue
		case l.has("{"):
			open++
		case l.has("}"):
			open--
		}
		l.step()
	}
	l.depth--
	inner := l.tokens[:max(0, len(l.tokens)-1)] // without the brace
	l.tokens = outer
	return append([]token{}, inner...)
}
