package commands

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// activated is the socket that systemd has opened for this process (sd_listen_fds(3)),
// nil if there is none. It stays open while the process is replaced, so that requests
// only wait.
func activated() (net.Listener, error) {
	listeners, err := activation.Listeners()
	switch {
	case err != nil || len(listeners) == 0:
		return nil, err
	case len(listeners) > 1 || listeners[0] == nil:
		return nil, errors.New("systemd must pass one stream socket, as moserver-sidecar.socket does")
	}
	return listeners[0], nil
}

// tellSystemd says that the server serves, and again and again that it lives if the
// unit has a WatchdogSec, until ctx ends, which it says too (sd_notify(3)). Without
// systemd it does nothing.
func tellSystemd(ctx context.Context, log *slog.Logger) {
	notify := func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.Warn("cannot tell systemd", "state", state, "error", err)
		}
	}
	notify(daemon.SdNotifyReady)
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		interval = time.Hour
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			notify(daemon.SdNotifyWatchdog)
		case <-ctx.Done():
			notify(daemon.SdNotifyStopping)
			return
		}
	}
}
