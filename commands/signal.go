package commands

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// hangups tells of each SIGHUP from now on, which then does not end the process.
func hangups() <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c
}

// untilSignal is a context that ends with SIGTERM or Ctrl-C. A second signal
// ends the process at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
