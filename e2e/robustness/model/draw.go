package model

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// Draw writes a page with a picture of a grant's history: who did what when, and how far
// an order explains it.
func Draw(r Rules, ops []history.Op, path string) error {
	m, operations, ok := r.porcupine(ops)
	if !ok {
		return fmt.Errorf("more than %d tokens", MaxTokens)
	}
	end := int64(0)
	for _, op := range ops {
		end = max(end, op.Call)
	}
	for i := range operations {
		operations[i].Return = min(operations[i].Return, end+1) // or nothing else could be seen
	}
	_, info := porcupine.CheckOperationsVerbose(m, operations, patience)
	return porcupine.VisualizePath(m, info, path)
}

// Tell is a grant's history in words, a line each.
func Tell(r Rules, ops []history.Op) string {
	b := newBook(r, ops)
	var text strings.Builder
	for _, op := range ops {
		until := "…"
		if op.Return != history.Forever {
			until = fmt.Sprintf("%.3f", float64(op.Return)/1e9)
		}
		fmt.Fprintf(&text, "%9.3f to %-9s worker %-3d %s\n", float64(op.Call)/1e9, until, op.Worker, b.describe(b.input(op)))
	}
	return text.String()
}

// name is a short one for a code or token.
func (b *book) name(value string) string {
	n, there := b.number[value]
	if !there {
		return ""
	}
	letter := map[oauth.Kind]string{oauth.AuthorizationCode: "code", oauth.AccessToken: "a", oauth.RefreshToken: "r"}[b.values[n].Kind]
	if strings.HasPrefix(value, lost) {
		letter = "lost r"
	}
	return fmt.Sprintf("%s%d", letter, n)
}

func (b *book) names(s set) string {
	var names []string
	for i, p := range b.values {
		if s&(1<<i) != 0 {
			names = append(names, b.name(p.Value))
		}
	}
	return strings.Join(names, " ")
}

func (b *book) describe(in input) string {
	text := string(in.Kind) + " " + b.name(in.Token.Value)
	if in.admission {
		return "admission for " + text
	}
	switch in.Kind {
	case history.Stored:
		return fmt.Sprintf("stored: %s and %d other refresh tokens", b.names(in.stored), in.strangers)
	case history.EndAll:
		return fmt.Sprintf("end all %ss", in.Token.Kind)
	case history.PHPSees:
		return fmt.Sprintf("%s: %v", text, in.Alive)
	case history.Introspect:
		if in.Outcome == history.Refused {
			break
		}
		return fmt.Sprintf("%s: active %v", text, in.Alive)
	}
	text += " -> " + string(in.Outcome) + " " + string(in.Reason)
	for _, given := range []string{in.Op.Access, in.Op.Refresh} {
		text += " " + b.name(given)
	}
	if in.Server > 0 {
		text += fmt.Sprintf(" by server %d", in.Server)
	}
	if in.races {
		text += " (something may end meanwhile)"
	}
	return strings.TrimSpace(text)
}

func (b *book) describeState(s state) string {
	text := "live: " + b.names(s.live)
	if s.maybe != 0 {
		text += "; perhaps: " + b.names(s.maybe)
	}
	for name, so := range map[string]bool{"closed": s.closed, "no client": s.noClient, "no user": s.noUser} {
		if so {
			text += "; " + name
		}
	}
	return text
}
