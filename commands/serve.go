package commands

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
)

func serveCommand(newServer NewServer) *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "answer token requests until SIGTERM",
		Example: `  moserver-sidecar serve --wp-config /var/www/html/wp-config.php`,
		Long: `Checks the database first, and does not start if it can never work, such as
without the plugin's tables; each problem is a line of the log, with its
remedy. It waits for a database that is only away. On SIGTERM and Ctrl-C it
finishes the requests in flight; a second signal ends the process at once. On
SIGHUP it reads wp-config.php and the settings again, as it does by itself
when the database refuses its account.`,

		Annotations: exits(`: 0 after SIGTERM or Ctrl-C, 1 if it cannot serve.`),
		Args:        noArguments,
	}
	addSettings(cmd, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := loadSettings(cmd)
		if err != nil {
			return err
		}
		return serve(settings, func() (config.Settings, []config.Problem) { return readSettings(cmd) }, newServer)
	}
	return cmd
}

// gcPercent is Go's GOGC. Hardly anything outlives a request, so with the default of 100 the
// server would collect garbage every 150 requests, as soon as there are two megabytes of
// it. More than this saves little more, and takes memory under load.
const gcPercent = 200

// serve answers requests until a signal. reread reads the settings anew.
func serve(settings config.Settings, reread func() (config.Settings, []config.Problem), newServer NewServer) (err error) {
	ctx, stop := untilSignal()
	defer stop()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	hangup := hangups()
	log, lines := newServerLogger(settings)
	defer func() {
		if !lines.flush() && err != nil {
			err = errFailed // standard error is not read: printing there would wait for ever
		}
	}()
	db, err := openDatabase(settings, log)
	if err != nil {
		return err
	}
	live := newLive(db, settings, reread, log)
	defer live.close()
	if err := diagnoseAtStart(ctx, live); err != nil {
		return err
	}
	listener, err := activated()
	if listener == nil && err == nil {
		listener, err = listen(settings.Listen, settings.SocketMode)
	}
	if err != nil {
		return err
	}
	go newPurgeTimer(live.purge, settings.PurgeAfter, live.metrics.purged, log).run(ctx)
	server := newServer(live, settings, log)
	defer serveMetrics(settings, server, live, lines, log)()
	untilEnd, end := context.WithCancel(context.WithoutCancel(ctx)) // requests in flight may need it too
	defer end()
	go live.run(untilEnd, hangup, server.Change)
	return runServer(ctx, listener, server, settings, log)
}

// runServer serves until ctx ends, then lets the requests in flight finish.
func runServer(ctx context.Context, l net.Listener, server Server, s config.Settings, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	log.Info("listening", "address", l.Addr().String(), "version", version())
	go tellSystemd(ctx, log)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping; finishing the requests in flight")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("some requests were still in flight after %s: %w", s.ShutdownTimeout, err)
	}
	log.Info("stopped")
	return nil
}
