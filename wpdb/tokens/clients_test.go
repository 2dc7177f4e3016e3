package tokens_test

import (
	"strings"
	"testing"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/tokens"
)

// TestCountIsBounded: the database itself ends a count that takes too long. It would go on
// for a command that was ended with Ctrl-C.
func TestCountIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	ctx := within(t, patience)
	other, err := s.DB.SQL.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	run := func(statement string) {
		if _, err := other.ExecContext(ctx, statement); err != nil {
			t.Error(err)
		}
	}
	run("LOCK TABLES " + s.DB.Tables.AccessTokens + " WRITE")
	counted := make(chan error, 1)
	go func() {
		_, err := tokens.CountByClient(ctx, s.DB, tokens.Filter{})
		counted <- err
	}()
	sandboxtest.Eventually(t, patience, "no count with a limit", func() bool {
		for _, text := range s.Strings("SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO LIKE '%UNION%" + s.DB.Tables.AccessTokens + "%' AND ID <> CONNECTION_ID()") {
			return strings.Contains(text, "max_statement_time=60 ") || strings.Contains(text, "MAX_EXECUTION_TIME(60000)")
		}
		return false
	})
	run("UNLOCK TABLES")
	if err := <-counted; err != nil {
		t.Error(err)
	}
}
