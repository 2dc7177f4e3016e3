package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
)

// healthcheckTimeout is below the five seconds that the Dockerfile gives the
// command, so that it can still say what it waited for.
const healthcheckTimeout = 4 * time.Second

func healthcheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "ask the running server if it is well",
		Example: `  moserver-sidecar healthcheck
  moserver-sidecar healthcheck --ready --listen unix:/run/moserver/token.sock`,
		Long: `Asks the server that listens where the setting listen says, over TCP or a unix
socket, for /healthz: whether the process lives. That is what a HEALTHCHECK of
Docker is for, after which something may restart the container: to restart it
because its database is away would help nobody.

Of the settings it uses only listen.`,

		Annotations: exits(`: 0 if the server is well, else 1.`),
		Args:        noArguments,
	}
	ready := cmd.Flags().Bool("ready", false, "ask for /readyz: whether the database answers and has the plugin's tables, for what waits until tokens can be had")
	addSettings(cmd, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, problems := readSettings(cmd)
		return healthcheck(cmd.OutOrStdout(), settings, problems, *ready)
	}
	return cmd
}

// healthcheck asks a running server if it is well, and says so.
func healthcheck(w io.Writer, settings config.Settings, problems []config.Problem, ready bool) error {
	// Only listen matters. What is wrong with other settings, such as a
	// wp-config.php that is being edited, does not change how the server is.
	if settings.Listen == "" {
		complain(problems)
		return errFailed
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
	fmt.Fprintln(w, "ok")
	return nil
}

// probe asks the server at an address of the setting listen for a path.
func probe(ctx context.Context, listen, path string) error {
	network, address := "tcp", listen
	if socket, ok := strings.CutPrefix(listen, "unix:"); ok {
		network, address = "unix", socket
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			// Where the server listens on all addresses, this takes the loopback one.
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address, which is not the one that was dialled
		}
		return fmt.Errorf("nothing answers at %s (%w); is the server running, and is that its setting listen?", listen, err)
	}
	defer answer.Body.Close()
	var body struct{ Status, Reason string }
	err = json.NewDecoder(io.LimitReader(answer.Body, 4096)).Decode(&body)
	switch {
	case answer.StatusCode == http.StatusOK && err == nil && body.Status == "ok":
		return nil
	case body.Reason != "":
		return fmt.Errorf("not ready: %s", body.Reason)
	}
	return fmt.Errorf("what answers %s at %s with status %d is not this server", path, listen, answer.StatusCode)
}
