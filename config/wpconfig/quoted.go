package wpconfig

import "strings"

// single reads a string in single quotes, where only \\ and \' are escapes.
func (l *lexer) single() {
	line := l.line
	var text strings.Builder
	for i := l.pos + 1; i < len(l.src); i++ {
		c := l.src[i]
		if c == '\'' {
			l.advance(i + 1 - l.pos)
			l.tokens = append(l.tokens, token{kind: tokenString, text: text.String(), line: line})
			return
		}
		if c == '\\' && i+1 < len(l.src) && (l.src[i+1] == '\'' || l.src[i+1] == '\\') {
			i++
			c = l.src[i]
		}
		text.WriteByte(c)
	}
	l.unclosedString(line)
}

func (l *lexer) unclosedString(line int) {
	l.fail(line, "the string that begins here is never closed; add its closing quote, or a backslash before a quote within it")
}

// quoted reads a string in double quotes or backticks.
func (l *lexer) quoted(kind tokenKind) {
	line, quote := l.line, l.src[l.pos]
	l.pos++
	parts := l.template(quote)
	if l.err == nil && l.pos >= len(l.src) {
		l.unclosedString(line)
		return
	}
	l.pos = min(l.pos+1, len(l.src))
	l.emitTemplate(kind, parts, line)
}

// emitTemplate makes a plain string of one that has no interpolation.
func (l *lexer) emitTemplate(kind tokenKind, parts []part, line int) {
	t := token{kind: kind, parts: parts, line: line, text: "a command"}
	if kind == tokenTemplate && len(parts) == 0 {
		t = token{kind: tokenString, line: line}
	} else if kind == tokenTemplate && len(parts) == 1 && parts[0].code == nil {
		t = token{kind: tokenString, text: parts[0].text, line: line}
	}
	l.tokens = append(l.tokens, t)
}

// template reads the inside of a string with interpolation and stops before its
// closing quote, or at the end of the source.
func (l *lexer) template(quote byte) []part {
	var parts []part
	var text strings.Builder
	for l.err == nil && l.pos < len(l.src) && l.src[l.pos] != quote {
		code := l.interpolation()
		if code == nil {
			text.WriteString(l.escape(quote))
			continue
		}
		if text.Len() > 0 {
			parts = append(parts, part{text: text.String()})
			text.Reset()
		}
		parts = append(parts, part{code: code})
	}
	if text.Len() > 0 {
		parts = append(parts, part{text: text.String()})
	}
	return parts
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
	const letters, meanings = `ntrvef\$`, "\n\t\r\v\x1b\f\\$"
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
// evaluated in a string, and is nil if none begins here.
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
		return l.simpleVariable()
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
	for depth := 0; l.err == nil; l.step() {
		if l.pos >= len(l.src) {
			l.fail(line, "the brace that begins an expression in this string is never closed; add its }")
			break
		}
		if l.src[l.pos] == '}' && depth == 0 {
			l.pos++
			break
		}
		depth += braceDepth(l.src[l.pos])
	}
	l.depth--
	inner := append(l.tokens, token{kind: tokenEnd, line: l.line})
	l.tokens = outer
	return inner
}

func braceDepth(c byte) int {
	switch c {
	case '{':
		return 1
	case '}':
		return -1
	}
	return 0
}

// simpleVariable reads "$name" or "$name[key]", where a key that is a word needs
// no quotes. Of "$name->property" the value is not known.
func (l *lexer) simpleVariable() []token {
	l.pos++
	op := func(text string) token { return token{kind: tokenOp, text: text, line: l.line} }
	code := []token{{kind: tokenVariable, text: l.take(nameLength(l.src[l.pos:])), line: l.line}}
	switch {
	case l.has("->") && isNameStart(l.at(2)), l.has("[$"):
		return []token{{kind: tokenOpaque, text: "a member of $" + code[0].text, line: l.line}}
	case l.has("["):
		if n := nameLength(l.src[l.pos+1:]); n > 0 && l.at(1+n) == ']' {
			key := token{kind: tokenString, text: l.src[l.pos+1 : l.pos+1+n], line: l.line}
			l.pos += n + 2
			return append(code, op("["), key, op("]"))
		}
		return []token{{kind: tokenOpaque, text: "an element of $" + code[0].text, line: l.line}}
	}
	return code
}
