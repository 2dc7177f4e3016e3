package oauth_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain: no test of the protocol leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
