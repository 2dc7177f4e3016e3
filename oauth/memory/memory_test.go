package memory_test

import (
	"context"
	"fmt"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
	"moserver-sidecar/oauth/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Subject { return memory.New() })
	storetest.RunNetwork(t, func(*testing.T) storetest.NetworkSubject { return memory.New() })
}

// TestRecords: of ten thousand rotations each is on record, and then the oldest is not.
func TestRecords(t *testing.T) {
	s := memory.New()
	refresh := func(n int) oauth.Presented { return oauth.Presented{Kind: oauth.RefreshToken, Value: fmt.Sprint(n)} }
	s.PutGrant(refresh(0), oauth.Grant{})
	for n := range 10_001 {
		if err := s.Redeem(context.Background(), refresh(n), oauth.Token{Kind: oauth.RefreshToken, Value: fmt.Sprint(n + 1)}); err != nil {
			t.Fatal(err)
		}
		for old, want := range map[int]bool{0: n < 10_000, 1: n > 0, n: true} {
			if r, err := s.FindRotation(context.Background(), fmt.Sprint(old)); err != nil || (r != nil) != want {
				t.Fatalf("after %d rotations that of %d is %+v, %v", n+1, old, r, err)
			}
		}
	}
}
