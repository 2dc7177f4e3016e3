package commands

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"sync"
	"time"

	"moserver-sidecar/config"
)

const (
	// reloadPause is the shortest time between two readings for requests that the
	// database has refused.
	reloadPause = 2 * time.Second
	// retellPause is how long a repeated failure is not logged again.
	retellPause = time.Minute
)

// reload reads the settings again: on SIGHUP, and when the database refuses the account.
type reload struct {
	read     func() (config.Settings, []config.Problem)
	settings config.Settings // in use
	wanted   chan struct{}   // has room for one

	mu   sync.Mutex
	done chan struct{} // closed when the settings have been read again

	told   string // the last failure in the log
	toldAt time.Time
}

func newReload(settings config.Settings, read func() (config.Settings, []config.Problem)) *reload {
	return &reload{read: read, settings: settings, wanted: make(chan struct{}, 1), done: make(chan struct{})}
}

// want asks for the settings to be read again soon.
func (r *reload) want() {
	select {
	case r.wanted <- struct{}{}:
	default: // already wanted
	}
}

// await asks for the settings to be read again and waits for that. It reports false if
// ctx ends first.
func (r *reload) await(ctx context.Context) bool {
	r.mu.Lock()
	done := r.done
	r.mu.Unlock()
	r.want()
	select {
	case <-done:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// over wakes those who wait.
func (r *reload) over() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.done)
	r.done = make(chan struct{})
}

// run reads the settings at each hangup, and when wanted, but then at most once every
// reloadPause, until ctx ends. change applies those that are not about the database.
func (l *live) run(ctx context.Context, hangup <-chan os.Signal, change func(config.Settings)) {
	wanted := l.reload.wanted
	var rested <-chan time.Time
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-rested:
			wanted, rested = l.reload.wanted, nil
			continue
		case <-hangup:
			asked = true
		case <-wanted:
		}
		l.again(ctx, asked, change)
		l.reload.over()
		wanted, rested = nil, time.After(reloadPause)
	}
}

// again reads the settings and applies all or none of them. If a person asked for it, the
// result is always logged.
func (l *live) again(ctx context.Context, asked bool, change func(config.Settings)) {
	r := l.reload
	next, problems := r.read()
	if len(problems) > 0 {
		if r.news(asked, fmt.Sprint(problems)) {
			for _, p := range problems {
				l.log.Error("keeping the settings in use: the new ones have a problem", "where", p.Where, "problem", p.Text)
			}
		}
		return
	}
	if names := keepFixed(r.settings, &next); len(names) > 0 && r.news(asked, fmt.Sprint(names)) {
		l.log.Warn("some changed settings need a restart", "settings", names)
	}
	if reflect.DeepEqual(next, r.settings) {
		if asked {
			l.log.Info("settings read again; nothing has changed")
		}
		return
	}
	if databaseOf(next) != databaseOf(r.settings) && !l.move(ctx, asked, next) {
		return
	}
	r.settings, r.told = next, ""
	change(next)
	l.log.Info("settings read again; the changes are in use")
}

// move switches to the database of the settings, and reports whether it can be used.
func (l *live) move(ctx context.Context, asked bool, settings config.Settings) bool {
	db, err := openDatabase(settings, l.log)
	if err != nil {
		if l.reload.news(asked, err.Error()) {
			l.log.Error("keeping the database in use: the new settings can never work", "error", err)
		}
		return false
	}
	db.CountOn(l.current.Load().db)
	next := l.serveFrom(db)
	d := diagnose(ctx, db)
	if d.fatal() {
		_ = next.Close() // nothing was written
		if l.reload.news(asked, fmt.Sprint(d.findings)) {
			d.tell(l.log)
			l.log.Error("keeping the database in use: the new one cannot be used")
		}
		return false
	}
	d.tell(l.log)
	if d.away != nil {
		l.awaitDatabase(ctx, d.away)
	}
	old := l.current.Swap(next)
	old.Retire(settings.RequestTimeout + time.Minute)
	return true
}

// news reports whether a failure should be logged.
func (r *reload) news(asked bool, failure string) bool {
	if !asked && failure == r.told && time.Since(r.toldAt) < retellPause {
		return false
	}
	r.told, r.toldAt = failure, time.Now()
	return true
}

// keepFixed restores in next the settings that cannot change while the server runs, and
// names those that differ.
func keepFixed(old config.Settings, next *config.Settings) (names []string) {
	keepOne(&names, "listen", old.Listen, &next.Listen)
	keepOne(&names, "socket_mode", old.SocketMode, &next.SocketMode)
	keepOne(&names, "metrics_listen", old.MetricsListen, &next.MetricsListen)
	keepOne(&names, "purge_after", old.PurgeAfter, &next.PurgeAfter)
	keepOne(&names, "request_timeout", old.RequestTimeout, &next.RequestTimeout)
	keepOne(&names, "shutdown_timeout", old.ShutdownTimeout, &next.ShutdownTimeout)
	keepOne(&names, "max_connections", old.MaxConnections, &next.MaxConnections)
	keepOne(&names, "log_level", old.LogLevel, &next.LogLevel)
	keepOne(&names, "log_format", old.LogFormat, &next.LogFormat)
	return names
}

func keepOne[T comparable](names *[]string, name string, old T, next *T) {
	if old != *next {
		*names, *next = append(*names, name), old
	}
}
