package wpconfig

import (
	"strconv"
	"strings"
)

// nodeKind tells the expressions of PHP apart as far as they are evaluated.
type nodeKind int

const (
	nodeOpaque   nodeKind = iota // not evaluated; name says what it is
	nodeLiteral                  // val
	nodeTemplate                 // kids joined to a string
	nodeVariable                 // name
	nodeConstant                 // name
	nodeIndex                    // kids: base and key; no key in $a[]
	nodeArray                    // kids, of which some are pairs
	nodePair                     // kids: key and value
	nodeCall                     // name and the arguments as kids
	nodeUnary                    // name is the operator or the cast
	nodeBinary                   // name is the operator
	nodeTernary                  // kids: condition, value, other value; the value is nil in ?:
	nodeAssign                   // name is the operator; kids: target and value
	nodeInclude                  // name is the keyword, the path the only kid
	nodeExit
)

// node is an expression.
type node struct {
	kind nodeKind
	name string
	val  value
	kids []*node
	line int
	// tokens are what an opaque expression consists of, which may set
	// something all the same.
	tokens []token
}

// stmtKind tells the statements of PHP apart.
type stmtKind int

const (
	stmtExprs stmtKind = iota // expressions, evaluated in order
	stmtBlock                 // body
	stmtIf                    // clauses
	stmtReturn
	stmtConst  // exprs are pairs
	stmtOpaque // tokens that were not understood; name says why, or is empty
)

// stmt is a statement.
type stmt struct {
	kind    stmtKind
	name    string
	line    int
	exprs   []*node
	body    []stmt
	clauses []clause
	tokens  []token
}

// clause is a branch with its condition; else has none.
type clause struct {
	cond *node
	body []stmt
}

// literal is the value of a token that has one.
func literal(t token) value {
	if t.kind == tokenString {
		return stringValue(t.text)
	}
	n, err := strconv.ParseInt(t.text, 0, 64)
	if err != nil {
		return unknown("a number that is not an integer")
	}
	return intValue(n)
}

// precedence is PHP's order of the binary operators, from the weakest; 0 is no
// operator. Assignments have no place in it: they bind to the variable at their
// left, whatever stands before that.
func precedence(op string) int {
	switch op {
	case "or":
		return 1
	case "xor":
		return 2
	case "and":
		return 3
	case "?":
		return precTernary
	case "??":
		return 6
	case "||":
		return 7
	case "&&":
		return 8
	case "|":
		return 9
	case "^":
		return 10
	case "&":
		return 11
	case "==", "!=", "===", "!==", "<>", "<=>":
		return 12
	case "<", "<=", ">", ">=":
		return 13
	case ".":
		return 14
	case "<<", ">>":
		return 15
	case "+", "-":
		return 16
	case "*", "/", "%":
		return 17
	case "instanceof":
		return 19
	case "**":
		return 20
	}
	return 0
}

const (
	precAssign  = 4
	precTernary = 5
	precNot     = 18
	precUnary   = 20
)

func isAssignment(op string) bool {
	return strings.Contains(" = .= ??= += -= *= /= %= **= &= |= ^= <<= >>= ", " "+op+" ")
}

// cast is the type that a cast converts to, or "".
func cast(name string) string {
	switch strings.ToLower(name) {
	case "string", "bool", "boolean", "int", "integer", "array", "object", "float", "double":
		return strings.ToLower(name)
	}
	return ""
}
