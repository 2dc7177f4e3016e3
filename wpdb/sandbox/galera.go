package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
)

// Rejoin brings a node of a Galera cluster back after Kill: it looks how far its data
// goes, and gets what is missing from the other nodes.
func (s *Server) Rejoin(ctx context.Context) error {
	s.options.Args = slices.DeleteFunc(slices.Clone(s.options.Args), func(a string) bool { return a == "--wsrep-new-cluster" })
	before, err := os.ReadFile(s.logFile())
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, s.program.path, append(s.arguments(), "--wsrep-recover")...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("wsrep-recover: %w\n%s%s", err, out, s.logTail())
	}
	after, err := os.ReadFile(s.logFile())
	if err != nil {
		return err
	}
	found := regexp.MustCompile(`Recovered position: *(\S+)`).FindSubmatch(after[len(before):])
	if found == nil {
		return errors.New("the node does not know how far its data goes")
	}
	return s.run(ctx, "--wsrep-start-position="+string(found[1]))
}
