package commands

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
)

// healthcheckTimeout is below the Dockerfile's five seconds, so that the command can still
// say what it waited for.
const healthcheckTimeout = 4 * time.Second

func healthcheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "ask the running server if it is well",
		Example: `  moserver-sidecar healthcheck
  moserver-sidecar healthcheck --ready --listen unix:/run/moserver/token.sock`,
		Long: `Asks the server at the address in the setting listen, over TCP or a unix
socket, for /healthz: whether the process lives. This is for Docker's
HEALTHCHECK, on which something may restart the container; a restart would not
help while only the database is away.

Of the settings it uses only listen.`,

		Annotations: exits(`: 0 if the server is well, else 1.`),
		Args:        noArguments,
	}
	ready := cmd.Flags().Bool("ready", false, "ask for /readyz: whether the database answers and has the plugin's tables, so that tokens can be issued")
	runSettings(cmd, func(w io.Writer, settings config.Settings, problems []config.Problem) error {
		return healthcheck(w, settings, problems, *ready)
	})
	return cmd
}

// healthcheck asks a running server if it is well, and prints the answer.
func healthcheck(w io.Writer, settings config.Settings, problems []config.Problem, ready bool) error {
	// Only listen matters. A problem elsewhere, such as in a wp-config.php that is being
	// edited, says nothing about the running server.
	if settings.Listen == "" {
		return refuse(problems)
	}
	path := "/healthz"
	if ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthcheckTimeout)
	defer cancel()
	if err := probe(ctx, settings.Listen, path); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "ok")
	return err
}

// probe asks the server at an address of the setting listen for a path.
func probe(ctx context.Context, listen, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return err
	}
	a, err := ask(r, transportTo(listen))
	switch {
	case err != nil:
		return fmt.Errorf("nothing answers at %s (%w); is the server running, and does it listen there?", listen, err)
	case a.status == http.StatusOK && a.member("status") == "ok":
		return nil
	case a.member("reason") != "":
		return fmt.Errorf("not ready: %s", a.member("reason"))
	}
	return fmt.Errorf("what answers %s at %s with status %d is not this server", path, listen, a.status)
}
