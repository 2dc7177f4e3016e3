package wpconfig

import (
	"regexp"
	"strings"
)

// lexer cuts PHP source into tokens. It goes on until the end of the source or
// the first error.
type lexer struct {
	src    string
	pos    int
	line   int
	depth  int // of interpolated strings within interpolated strings
	tag    *regexp.Regexp
	opened bool
	tokens []token
	err    *syntaxError
}

// lex cuts a file, which begins outside of PHP, or the argument of eval(), which
// begins inside. It also reports whether a file has a PHP tag at all.
func lex(src string, isFile bool) (tokens []token, opened bool, err *syntaxError) {
	l := &lexer{src: strings.TrimPrefix(src, "\ufeff"), line: 1, tag: regexp.MustCompile(`<\?(?:=|(?i:php)(?:\s|$))`)}
	if isFile {
		l.html()
	}
	for l.pos < len(l.src) && l.err == nil {
		l.step()
	}
	return l.tokens, l.opened, l.err
}

// step reads one token, comment or piece of white space.
func (l *lexer) step() {
	switch c := l.src[l.pos]; {
	case isSpace(c):
		l.advance(1)
	case l.has("?>"):
		l.emit(tokenOp, ";") // as it does in PHP
		l.advance(2)
		l.html()
	case l.has("//"), c == '#' && l.at(1) != '[':
		l.lineComment()
	case l.has("/*"):
		l.blockComment()
	case c == '\'', c == '"', c == '`':
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
	found := l.tag.FindStringIndex(l.src[l.pos:])
	if l.opened = l.opened || found != nil; found == nil {
		found = []int{len(l.src) - l.pos, len(l.src) - l.pos}
	}
	if strings.TrimSpace(l.src[l.pos:l.pos+found[0]]) != "" {
		l.emit(tokenHTML, "")
	}
	isEcho := found[1]-found[0] == len("<?=")
	if l.advance(found[1]); isEcho {
		l.emit(tokenName, "echo")
	}
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

// name reads a keyword or a name with its namespace.
func (l *lexer) name() {
	n := 0
	for isNameByte(l.at(n)) || l.at(n) == '\\' && isNameStart(l.at(n+1)) {
		n++
	}
	l.emit(tokenName, l.take(n))
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isNameStart is PHP's rule: a letter, an underscore or any byte of a character
// beyond ASCII.
func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isNameByte(c byte) bool { return isNameStart(c) || isDigit(c) }

func nameLength(src string) int {
	n := 0
	for n < len(src) && isNameByte(src[n]) {
		n++
	}
	return n
}

// numberLength takes in every notation of a number, also those with a point or
// an exponent; which of them has a value is the parser's business.
func numberLength(src string) int {
	n := 0
	for n < len(src) && (isNameByte(src[n]) || src[n] == '.' && n+1 < len(src) && isDigit(src[n+1])) {
		n++
	}
	return n
}

// operatorLength takes the longest operator, as PHP does.
func operatorLength(src string) int {
	const operators = " === !== <=> **= ... <<= >>= ??= ?->" +
		" == != <> <= >= && || ?? .= += -= *= /= %= &= |= ^= -> => :: ++ -- << >> ** "
	for n := min(3, len(src)); n > 1; n-- {
		if strings.Contains(operators, " "+src[:n]+" ") {
			return n
		}
	}
	return 1
}
