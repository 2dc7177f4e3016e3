package handlers

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/labstack/echo/v4"
)

// refusalsPerSecond bounds the work that refusing takes. A refusal costs a tenth
// of a refresh or so: without a bound, a server that is asked for ten times what
// it can do would do nothing but refuse. What is beyond waits for its turn, which
// also slows down clients that ask again at once.
const refusalsPerSecond = 1000

// overload refuses requests while as many as may wait for the database do so.
type overload struct {
	limit   string        // its name in the metrics
	slots   chan struct{} // one for each request that may be with the database; nil: no limit
	metrics *metrics
	log     *slog.Logger
	answer  []byte

	pace      *rate.Limiter
	refused   atomic.Int64 // since the last line of the log
	sometimes rate.Sometimes
}

func newOverload(limit string, maxInFlight int, m *metrics, log *slog.Logger) *overload {
	o := &overload{limit: limit, metrics: m, log: log, pace: rate.NewLimiter(refusalsPerSecond, refusalsPerSecond), sometimes: rate.Sometimes{Interval: time.Second}}
	if maxInFlight > 0 {
		o.slots = make(chan struct{}, maxInFlight)
	}
	var err error
	if o.answer, err = json.Marshal(errOverloaded.body()); err != nil {
		panic(err) // it is a constant
	}
	return o
}

// enter takes a slot if one is free. The caller then calls leave at the end.
func (o *overload) enter() bool {
	if o.slots == nil {
		return true
	}
	select {
	case o.slots <- struct{}{}:
		return true
	default:
		o.metrics.refused.WithLabelValues(o.limit).Inc()
		return false
	}
}

func (o *overload) leave() {
	if o.slots != nil {
		<-o.slots
	}
}

// full reports whether no slot is free.
func (o *overload) full() bool { return o.slots != nil && len(o.slots) == cap(o.slots) }

// before refuses requests that would not get a slot before anything is done for
// them. The probes need none.
func (o *overload) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch probe := path == routeHealth || path == routeReady; {
		case !probe && o.full():
			o.refuse(w, r, o.limit)
		case !probe && crowded(r.Context()):
			o.refuse(w, r, limitConnections)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refuse answers 503, and ends the connection: where there are more than
// max_connections, another one gets its turn. The log has a line a second
// instead of one a request.
func (o *overload) refuse(w http.ResponseWriter, r *http.Request, limit string) {
	atRefusal(r.Context())
	if o.pace.Wait(r.Context()) != nil {
		return // the client has gone
	}
	preventStorage(w.Header())
	w.Header().Set(echo.HeaderContentType, jsonType)
	w.Header().Set(echo.HeaderRetryAfter, errOverloaded.retrySeconds())
	w.Header().Set(echo.HeaderConnection, "close")
	w.WriteHeader(errOverloaded.status)
	_, _ = w.Write(o.answer) // there is nothing to be done about a client that is gone
	o.refused.Add(1)
	o.metrics.refused.WithLabelValues(limit).Inc()
	o.sometimes.Do(func() {
		o.log.Warn("more requests than max_in_flight or max_connections allow; some were refused with 503", "refused", o.refused.Swap(0))
	})
}
