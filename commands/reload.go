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
	// reloadPause is how long settings stay as they were read for whoever is refused
	// by the database.
	reloadPause = 2 * time.Second
	// retellPause is how long a failure that repeats itself is not logged again.
	retellPause = time.Minute
)

// reload reads the settings again: at SIGHUP, and when the database has refused
// somebody.
type reload struct {
	read     func() (config.Settings, []config.Problem)
	settings config.Settings // in use
	wanted   chan struct{}   // has room for one

	mu   sync.Mutex
	done chan struct{} // closed when the settings have been read the next time

	told   string // the last failure in the log
	toldAt time.Time
}

func newReload(settings config.Settings, read func() (config.Settings, []config.Problem)) *reload {
	return &reload{read: read, settings: settings, wanted: make(chan struct{}, 1), done: make(chan struct{})}
}

// want has the settings read again soon.
func (r *reload) want() {
	select {
	case r.wanted <- struct{}{}:
	default: // somebody else wants it
	}
}

// await has the settings read again and waits for that, and says if ctx lives on.
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

// over tells those who wait.
func (r *reload) over() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.done)
	r.done = make(chan struct{})
}

// run reads the settings at each hangup, and when somebody wants it but then not more
// often than each reloadPause, until ctx ends. change takes those into use that are
// not of the database.
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

// again reads the settings and takes them into use, all or none. asked says that
// somebody has asked for it and wants to hear of it in any case.
func (l *live) again(ctx context.Context, asked bool, change func(config.Settings)) {
	r := l.reload
	next, problems := r.read()
	if len(problems) > 0 {
		if r.news(asked, fmt.Sprint(problems)) {
			for _, p := range problems {
				l.log.Error("the settings in use stay, because the new ones have a problem", "where", p.Where, "problem", p.Text)
			}
		}
		return
	}
	if names := keepFixed(r.settings, &next); len(names) > 0 && r.news(asked, fmt.Sprint(names)) {
		l.log.Warn("some settings have changed that need a restart", "settings", names)
	}
	if reflect.DeepEqual(next, r.settings) {
		if asked {
			l.log.Info("the settings were read again; none has changed")
		}
		return
	}
	if databaseOf(next) != databaseOf(r.settings) && !l.move(ctx, asked, next) {
		return
	}
	r.settings, r.told = next, ""
	change(next)
	l.log.Info("the settings were read again; the changed ones are in use")
}

// move goes over to the database that settings name, and says if it can be used.
func (l *live) move(ctx context.Context, asked bool, settings config.Settings) bool {
	db, err := openDatabase(settings, l.log)
	if err != nil {
		if l.reload.news(asked, err.Error()) {
			l.log.Error("the database in use stays, because the new settings can never work", "error", err)
		}
		return false
	}
	next := serveFrom(db)
	d := diagnose(ctx, db)
	if d.fatal() {
		_ = next.Close() // nothing was written
		if l.reload.news(asked, fmt.Sprint(d.findings)) {
			d.tell(l.log)
			l.log.Error("the database in use stays, because that of the new settings cannot be used")
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

// news says if a failure should be logged.
func (r *reload) news(asked bool, failure string) bool {
	if !asked && failure == r.told && time.Since(r.toldAt) < retellPause {
		return false
	}
	r.told, r.toldAt = failure, time.Now()
	return true
}

// keepFixed gives next the values of those settings that cannot change while the
// server runs, and names those that differ.
func keepFixed(old config.Settings, next *config.Settings) (names []string) {
	keepOne(&names, "listen", old.Listen, &next.Listen)
	keepOne(&names, "socket_mode", old.SocketMode, &next.SocketMode)
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
