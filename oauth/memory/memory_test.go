package memory_test

import (
	"testing"

	"moserver-sidecar/oauth/memory"
	"moserver-sidecar/oauth/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Subject { return memory.New() })
	storetest.RunNetwork(t, func(*testing.T) storetest.NetworkSubject { return memory.New() })
}
