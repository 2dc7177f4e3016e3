package wpconfig

// exec follows statements until the end or a halt.
func (r *reader) exec(body []stmt) {
	for i := range body {
		if r.halt != running || !r.spend(body[i].line, 1) {
			return
		}
		r.execOne(&body[i])
	}
}

func (r *reader) execOne(s *stmt) {
	switch s.kind {
	case stmtExprs:
		r.evalAll(s.exprs)
	case stmtBlock:
		r.exec(s.body)
	case stmtIf:
		r.execIf(s.clauses)
	case stmtReturn:
		r.execReturn(s.exprs)
	case stmtConst:
		for _, pair := range s.exprs {
			r.define(pair.kids[0].val.str, r.eval(pair.kids[1]), true, pair.line)
		}
	case stmtOpaque:
		r.scan(s.tokens, s.name)
	}
}

func (r *reader) execReturn(exprs []*node) {
	result := value{kind: nullKind}
	if len(exprs) > 0 {
		result = r.eval(exprs[0])
	}
	if r.halt == running {
		r.result, r.halt = result, fileDone
	}
}

// execIf follows the branch whose condition is true. From the first condition
// that cannot be evaluated, it goes into all that are left.
func (r *reader) execIf(clauses []clause) {
	for i, c := range clauses {
		if c.cond == nil {
			r.exec(c.body)
			return
		}
		v := r.eval(c.cond)
		if r.halt != running {
			return
		}
		switch v.truth() {
		case yes:
			r.exec(c.body)
			return
		case no:
			r.adopt(c.body)
		case maybe:
			r.unsure(c.cond.line, v, func() { r.exec(c.body) }, func() { r.execIf(clauses[i+1:]) })
			return
		}
	}
}

// adopt takes the ABSPATH out of the usual "if ( ! defined( 'ABSPATH' ) )": the
// file's own idea of it is better than the one that reading began with.
func (r *reader) adopt(body []stmt) {
	for _, s := range body {
		if s.kind == stmtBlock {
			r.adopt(s.body)
		}
		for _, e := range s.exprs {
			r.adoptExpr(e)
		}
	}
}

func (r *reader) adoptExpr(e *node) {
	if e.kind == nodeCall && isDefine(e.name) && len(e.kids) > 1 && e.kids[0].kind == nodeLiteral && e.kids[0].val.str == "ABSPATH" {
		r.define("ABSPATH", r.eval(e.kids[1]), true, e.line)
	}
}
