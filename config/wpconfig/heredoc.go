package wpconfig

import "strings"

// heredoc reads a heredoc or nowdoc, and is false if <<< begins neither.
func (l *lexer) heredoc() bool {
	label, quote, begin := heredocLabel(l.src[l.pos:])
	if label == "" {
		return false
	}
	line := l.line
	body, indent, end := heredocBody(l.src[l.pos+begin:], label)
	if end < 0 {
		l.fail(line, "the heredoc that begins here is never closed; add a line with its label "+label)
		return true
	}
	l.advance(begin)
	body = unindent(body, indent)
	if quote == '\'' {
		l.tokens = append(l.tokens, token{kind: tokenString, text: body, line: line})
	} else {
		inner := &lexer{src: body, line: l.line, depth: l.depth}
		parts := inner.template(0)
		l.err = inner.err
		l.emitTemplate(tokenTemplate, parts, line)
	}
	l.advance(end)
	return true
}

// heredocLabel reads <<<LABEL, <<<"LABEL" or <<<'LABEL' with its line end, and
// returns where the body begins.
func heredocLabel(src string) (label string, quote byte, begin int) {
	i := 3
	for i < len(src) && (src[i] == ' ' || src[i] == '\t') {
		i++
	}
	if i < len(src) && (src[i] == '\'' || src[i] == '"') {
		quote = src[i]
		i++
	}
	n := nameLength(src[i:])
	if n == 0 || isDigit(src[i]) {
		return "", 0, 0
	}
	label, i = src[i:i+n], i+n
	if quote != 0 {
		if i >= len(src) || src[i] != quote {
			return "", 0, 0
		}
		i++
	}
	if i < len(src) && src[i] == '\r' {
		i++
	}
	if i >= len(src) || src[i] != '\n' {
		return "", 0, 0
	}
	return label, quote, i + 1
}

// heredocBody finds the line that begins with the label. It returns the text
// before that line without its last line end, the indentation of the label and
// the place after it, which is -1 if there is no such line.
func heredocBody(src, label string) (body string, indent, end int) {
	for start := 0; start <= len(src); {
		rest := src[start:]
		text := strings.TrimLeft(rest, " \t")
		indent = len(rest) - len(text)
		after, ok := strings.CutPrefix(text, label)
		if ok && (after == "" || !isNameByte(after[0])) {
			body = strings.TrimSuffix(strings.TrimSuffix(src[:start], "\n"), "\r")
			return body, indent, len(src) - len(after)
		}
		next := strings.IndexByte(rest, '\n')
		if next < 0 {
			break
		}
		start += next + 1
	}
	return "", 0, -1
}

// unindent takes the indentation of the closing label off every line.
func unindent(body string, indent int) string {
	if indent == 0 {
		return body
	}
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		blank := len(line) - len(strings.TrimLeft(line, " \t"))
		lines[i] = line[min(blank, indent):]
	}
	return strings.Join(lines, "\n")
}
