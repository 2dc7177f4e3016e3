package e2e_test

import (
	"strings"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// tokens runs a tokens command on a site.
func (s *site) tokens(args ...string) result {
	s.t.Helper()
	return command(s.t, nil, s.tokensArgs(args)...)
}

func (s *site) tokensArgs(args []string) []string {
	return append([]string{"tokens", args[0], "--wp-config", s.WPConfig}, args[1:]...)
}

// tokensWith is tokens with a line on standard input.
func (s *site) tokensWith(line string, args ...string) result {
	s.t.Helper()
	return ended(stage.Start(s.t, []string{"LINE=" + line}, "sh", append([]string{"-c", `printf '%s\n' "$LINE" | "$0" "$@"`, binary}, s.tokensArgs(args)...)...))
}

// onTerminal is tokensWith on a terminal, which shows what the command writes to
// either output.
func (s *site) onTerminal(line string, args ...string) result {
	s.t.Helper()
	return ended(s.startOnTerminal(line, args...))
}

func (s *site) startOnTerminal(line string, args ...string) *stage.Process {
	s.t.Helper()
	quoted := make([]string, 0, len(args))
	for _, arg := range append([]string{binary}, s.tokensArgs(args)...) {
		quoted = append(quoted, "'"+arg+"'")
	}
	return stage.Start(s.t, []string{"LINE=" + line}, "sh", "-c", `printf '%s\n' "$LINE" | script -qec "$0" /dev/null`, strings.Join(quoted, " "))
}

// putTokens stores some of each kind: six of alice, one of bob.
func (s *site) putTokens() {
	s.t.Helper()
	future := sandboxtest.Digits(time.Now().Add(time.Hour))
	s.Put("code", "c0de-of-alice-for-app", s.app, stage.Row{})
	s.Put("refresh", "4ef4e5h-of-alice-for-app-0123456789", s.app, stage.Row{})
	s.Put("access", "acce55-of-alice-for-app-0123456789", s.app, stage.Row{Expires: future})
	s.Put("access", "01dacc-of-alice-for-app-0123456789", s.app, stage.Row{Expires: "2001-02-03 04:05:06"})
	s.Put("refresh", "4ef4e5h-of-alice-for-pub-0123456789", s.pub, stage.Row{})
	s.Put("access", "acce55-of-alice-for-pub-0123456789", s.pub, stage.Row{Expires: future})
	s.Put("refresh", "4ef4e5h-of-bob-for-app-0123456789", s.app, stage.Row{User: sandbox.Bob})
}

// count is how many codes and tokens the site has.
func (s *site) count() (n int) {
	s.t.Helper()
	for _, kind := range []string{"code", "refresh", "access"} {
		name, _ := stage.Table(kind)
		n += len(s.Strings("SELECT 'x' FROM " + name))
	}
	return n
}
