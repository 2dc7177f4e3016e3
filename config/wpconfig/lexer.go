package wpconfig

import "strings"

// lexer cuts PHP source into tokens. It goes on until the end of the source or
// the first error.
type lexer struct {
	src    string
	pos    int
	line   int
	depth  int // of interpolated strings within interpolated strings
	opened bool
	tokens []token
	err    *syntaxError
}

// lexFile cuts a file, which begins outside of PHP, and says whether it has a
// PHP tag at all.
func lexFile(src string) (tokens []token, opened bool, err *syntaxError) {
	l := &lexer{src: strings.TrimPrefix(src, "\ufeff"), line: 1}
	l.html()
	l.run()
	return l.tokens, l.opened, l.err
}

// lexCode cuts the argument of eval(), which begins inside of PHP.
func lexCode(src string) ([]token, *syntaxError) {
	l := &lexer{src: src, line: 1}
	l.run()
	return l.tokens, l.err
}

func (l *lexer) run() {
	for l.pos < len(l.src) && l.err == nil {
		l.step()
	}
}

// step reads one token, comment or piece of white space.
func (l *lexer) step() {
	switch c := l.src[l.pos]; {
	case isSpace(c):
		l.advance(1)
	case l.has("?>"):
		l.closeTag()
	case l.has("//"), c == '#' && l.at(1) != '[':
		l.lineComment()
	case l.has("/*"):
		l.blockComment()
	case c == '\'':
		l.single()
	case c == '"', c == '`':
		l.quoted()
	case l.has("<<<") && l.heredoc():
	case c == '$' && isNameStart(l.at(1)):
		l.emit(tokenVariable, l.take(1 + nameLength(l.src[l.pos+1:]))[1:])
	case isDigit(c), c == '.' && isDigit(l.at(1)):
		l.emit(tokenNumber, l.take(numberLength(l.src[l.pos:])))
	case isNameStart(c), c == '\\' && isNameStart(l.at(1)):
		l.name()
	default:
		l.emit(tokenOp, l.take(operatorLength(l.src[l.pos:])))
	}
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.src[l.pos:], prefix) }

// at is the byte n places ahead, or 0 beyond the end.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

func (l *lexer) advance(n int) {
	l.line += strings.Count(l.src[l.pos:l.pos+n], "\n")
	l.pos += n
}

// take is advance for text that has no line end in it.
func (l *lexer) take(n int) string {
	text := l.src[l.pos : l.pos+n]
	l.pos += n
	return text
}

func (l *lexer) emit(kind tokenKind, text string) {
	l.tokens = append(l.tokens, token{kind: kind, text: text, line: l.line})
}

func (l *lexer) fail(line int, text string) {
	if l.err == nil {
		l.err = &syntaxError{line, text}
	}
}

// html passes over the text before the next PHP tag. Text that is not blank
// becomes a token, since it ends a statement.
func (l *lexer) html() {
	length, tag := findTag(l.src[l.pos:])
	if strings.TrimSpace(l.src[l.pos:l.pos+length]) != "" {
		l.emit(tokenHTML, "")
	}
	l.advance(length)
	l.advance(len(tag))
	l.opened = l.opened || tag != ""
	if tag == "<?=" {
		l.emit(tokenName, "echo")
	}
}

// findTag is where the next PHP tag begins, and that tag.
func findTag(src string) (int, string) {
	for from := 0; ; {
		i := strings.Index(src[from:], "<?")
		if i < 0 {
			return len(src), ""
		}
		from += i
		switch rest := src[from:]; {
		case strings.HasPrefix(rest, "<?="):
			return from, "<?="
		case len(rest) >= 5 && strings.EqualFold(rest[:5], "<?php") && (len(rest) == 5 || isSpace(rest[5])):
			return from, rest[:5]
		}
		from += 2
	}
}

// closeTag treats ?> as the semicolon that it stands for.
func (l *lexer) closeTag() {
	l.emit(tokenOp, ";")
	l.advance(2)
	if l.has("\r\n") {
		l.advance(2)
	} else if l.has("\n") {
		l.advance(1)
	}
	l.html()
}

// lineComment ends at the line's end or at a closing tag, as in PHP.
func (l *lexer) lineComment() {
	rest := l.src[l.pos:]
	if end := strings.IndexAny(rest, "\r\n"); end >= 0 {
		rest = rest[:end]
	}
	if end := strings.Index(rest, "?>"); end >= 0 {
		rest = rest[:end]
	}
	l.advance(len(rest))
}

func (l *lexer) blockComment() {
	end := strings.Index(l.src[l.pos+2:], "*/")
	if end < 0 {
		l.fail(l.line, "the comment that begins here is never closed; add its */")
		return
	}
	l.advance(end + 4)
}

// heredoc passes over a heredoc or nowdoc, which is not evaluated, and is false
// if <<< begins neither.
func (l *lexer) heredoc() bool {
	rest, line := strings.TrimLeft(l.src[l.pos+3:], " \t\"'"), l.line
	label := rest[:nameLength(rest)]
	if label == "" {
		return false
	}
	for l.err == nil {
		end := strings.IndexByte(l.src[l.pos:], '\n')
		if end < 0 {
			l.fail(line, "the heredoc that begins here is never closed; add a line with its label "+label)
			break
		}
		l.advance(end + 1)
		text := strings.TrimLeft(l.src[l.pos:], " \t")
		if after, ok := strings.CutPrefix(text, label); ok && nameLength(after) == 0 {
			l.tokens = append(l.tokens, token{kind: tokenOpaque, text: "a heredoc", line: line})
			l.advance(len(l.src) - l.pos - len(after))
			break
		}
	}
	return true
}

// name reads a keyword or a name with its namespace. After __halt_compiler
// comes data, not PHP.
func (l *lexer) name() {
	n := 0
	for n < len(l.src)-l.pos && (isNameByte(l.at(n)) || l.at(n) == '\\' && isNameStart(l.at(n+1))) {
		n++
	}
	l.emit(tokenName, l.take(n))
	if l.tokens[len(l.tokens)-1].isName("__halt_compiler") {
		l.tokens[len(l.tokens)-1] = token{kind: tokenOp, text: ";", line: l.line}
		l.pos = len(l.src)
	}
}
