package doctor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// time looks at the clock and at the zone that dates pass through.
func (e *examination) time() error {
	difference, err := e.clockDifference()
	if err != nil {
		return err
	}
	rows, err := e.query("SELECT @@session.time_zone AS here, @@global.time_zone AS elsewhere, @@system_time_zone AS machine")
	if err != nil {
		return err
	}
	f := &e.facts.Server
	f.ClockDifference = difference.Round(time.Millisecond).Seconds()
	f.TimeZone = rows[0].Text("here")
	if f.TimeZone == "SYSTEM" {
		f.TimeZone += " (" + rows[0].Text("machine") + ")"
	}
	if here, elsewhere := rows[0].Text("here"), rows[0].Text("elsewhere"); here != elsewhere {
		e.advise(wpdb.KindTimeZone, "Set default_time_zone instead of init_connect, which accounts with SUPER or CONNECTION ADMIN are exempt from.",
			"Sessions of the user %q have the time zone %s, but the server's is %s: accounts that differ in this read each other's dates wrongly.",
			e.Config.User, here, elsewhere)
	}
	return e.summerTime(time.Now())
}

// summerTime notes the hour that the zone skips in the coming year.
func (e *examination) summerTime(now time.Time) error {
	now = now.UTC().Truncate(time.Minute)
	days, err := e.offsets(now, 24*time.Hour, 366)
	if err != nil {
		return err
	}
	e.facts.Server.UTCOffsetSeconds = int(days[0].Seconds())
	day := forward(days)
	if day < 0 {
		return nil
	}
	e.facts.Server.SummerTime = true
	from := now.AddDate(0, 0, day)
	minutes, err := e.offsets(from, time.Minute, 24*60+1)
	if err != nil {
		return err
	}
	minute := forward(minutes)
	if minute < 0 {
		return nil
	}
	gap := from.Add(time.Duration(minute+1)*time.Minute + minutes[minute])
	length := minutes[minute+1] - minutes[minute]
	e.note("The database's time zone skips %s to %s: what is to expire at these digits of UTC expires up to %.0f minutes late. In UTC there is no such gap.",
		gap.Format("2006-01-02 15:04"), gap.Add(length).Format("15:04"), length.Minutes())
	return nil
}

// forward is the index before clocks go forward, -1 if they do not.
func forward(offsets []time.Duration) int {
	for i := range len(offsets) - 1 {
		if offsets[i+1] > offsets[i] {
			return i
		}
	}
	return -1
}

// offsets is how far the session's zone is ahead of UTC, at n moments.
func (e *examination) offsets(from time.Time, step time.Duration, n int) ([]time.Duration, error) {
	var moments []string
	for i := range n {
		moments = append(moments, fmt.Sprintf("FROM_UNIXTIME(%d)", from.Add(time.Duration(i)*step).Unix()))
	}
	var list string
	if err := e.SQL.GetContext(e.ctx, &list, "SELECT CONCAT_WS(',', "+strings.Join(moments, ", ")+")"); err != nil {
		return nil, err
	}
	offsets := make([]time.Duration, n)
	for i, digits := range strings.Split(list, ",") {
		local, err := time.Parse(time.DateTime, digits)
		if err != nil || i >= n {
			return nil, errors.New("the server's FROM_UNIXTIME cannot be read")
		}
		offsets[i] = local.Sub(from.Add(time.Duration(i) * step))
	}
	return offsets, nil
}

// lifetimes looks for lifetimes that run past the end of the column.
func (e *examination) lifetimes(options wpdb.Options, blog string) {
	s := wpdb.SiteOf(options)
	last := oauth.LastExpiry()
	for _, l := range []struct {
		tokens, option string
		lifetime       time.Duration
	}{
		{"access", wpdb.OptionAccessLifetime, s.AccessTokenLifetime},
		{"refresh", wpdb.OptionRefreshLifetime, s.RefreshTokenLifetime},
	} {
		if time.Now().Add(l.lifetime).After(last) {
			e.advise(wpdb.KindLifetime, fmt.Sprintf("Set the option %s to fewer seconds.", l.option),
				"The lifetime of %s tokens%s runs past %s, the last date that the tables hold, so they end there; PHP stores no date at all for them.",
				l.tokens, blog, last.Format(time.DateOnly))
		}
	}
}
