package commands

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal is a context that ends with SIGTERM or Ctrl-C. A second signal
// ends the process at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
