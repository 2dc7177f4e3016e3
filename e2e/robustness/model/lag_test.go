package model

import (
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// TestLag: a node that has not heard of a revocation yet may still store an access token,
// which stays; without a cluster it may not.
func TestLag(t *testing.T) {
	refresh := oauth.Presented{Kind: oauth.RefreshToken, Value: "5b05febe2f40177248f7" + strings.Repeat("0", 32)}
	access := oauth.Presented{Kind: oauth.AccessToken, Value: "5b05febe2f40177248f7" + strings.Repeat("1", 32)}
	ms := func(n int64) int64 { return n * int64(time.Millisecond) }
	ops := []history.Op{
		{Grant: 1, Kind: history.PHPIssues, Refresh: refresh.Value, Call: ms(1), Return: ms(2), Outcome: history.OK},
		{Grant: 1, Kind: history.Revoke, Token: refresh, Call: ms(10), Return: ms(20), Outcome: history.OK},
		{Grant: 1, Kind: history.Refresh, Token: refresh, Refresh: refresh.Value, Access: access.Value, Expires: 3600, Call: ms(22), Return: ms(500), Outcome: history.OK},
		{Grant: 1, Kind: history.Stored, Call: ms(9000), Return: ms(9001), Outcome: history.OK, Values: []oauth.Presented{access}},
	}
	for lag, want := range map[time.Duration]int{0: 1, time.Millisecond: 1, 4 * time.Second: 0} {
		if v := Judge(Rules{Reach: oauth.ReachGrant, Recorded: Always, Lag: lag}, ops); len(v.Violations) != want {
			t.Errorf("lag %v: %d violations, want %d", lag, len(v.Violations), want)
		}
	}
}
