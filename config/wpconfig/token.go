package wpconfig

import (
	"slices"
	"strings"
)

// tokenKind tells the tokens of PHP apart as far as the parser cares.
type tokenKind int

const (
	tokenEnd      tokenKind = iota // beyond the last token
	tokenHTML                      // text outside of the PHP tags
	tokenVariable                  // $name; the text is the name
	tokenName                      // a keyword, or the name of a function or constant
	tokenNumber
	tokenString // the text is its value
	tokenOpaque // what has a value that is not evaluated; the text is what it is
	tokenOp     // an operator, bracket or semicolon
)

// token is one token of PHP at the line where it begins.
type token struct {
	kind tokenKind
	text string
	line int
}

func (t token) isOp(text string) bool { return t.kind == tokenOp && t.text == text }

// isName compares as PHP does with its keywords and function names: without
// regard to case or to the backslash of the global namespace.
func (t token) isName(names ...string) bool {
	return t.kind == tokenName && slices.Contains(names, strings.ToLower(constantName(t.text)))
}

// syntaxError is something that PHP itself would refuse, or that is beyond the
// bounds of this reader, so that the rest of the file has no meaning.
type syntaxError struct {
	line int
	text string
}

// maxNesting bounds the depth of brackets, of expressions and of statements,
// and with it the recursion over a file.
const maxNesting = 200

// matchBrackets finds the partner of every bracket, so that the parser can pass
// over what it does not know. Other tokens have no partner, which is 0.
func matchBrackets(tokens []token) ([]int, *syntaxError) {
	match := make([]int, len(tokens))
	var open []int
	for i, t := range tokens {
		switch {
		case closer(t) != "" && len(open) >= maxNesting:
			return nil, &syntaxError{t.line, "nests brackets more than 200 deep, which this program does not follow; give this program a simpler file"}
		case closer(t) != "":
			open = append(open, i)
		case !t.isOp(")") && !t.isOp("]") && !t.isOp("}"):
		case len(open) == 0:
			return nil, &syntaxError{t.line, "the bracket " + t.text + " closes nothing; remove it, or add the bracket that opens it"}
		case closer(tokens[open[len(open)-1]]) != t.text:
			return nil, unclosed(tokens[open[len(open)-1]])
		default:
			last := open[len(open)-1]
			match[last], match[i], open = i, last, open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return nil, unclosed(tokens[open[len(open)-1]])
	}
	return match, nil
}

func unclosed(t token) *syntaxError {
	return &syntaxError{t.line, "the bracket " + t.text + " is never closed; add its " + closer(t)}
}

// closer is the bracket that closes t, or "" if t opens nothing.
func closer(t token) string {
	if i := strings.Index("([{", t.text); t.kind == tokenOp && len(t.text) == 1 && i >= 0 {
		return ")]}"[i : i+1]
	}
	return ""
}
