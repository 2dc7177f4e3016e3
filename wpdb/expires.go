package wpdb

import (
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// zeroDate is how "never" is written. NULL would be clearer, but the expires
// column that older servers have made is NOT NULL and turns it into "now".
const zeroDate = "0000-00-00 00:00:00"

// lastDate is the end of TIMESTAMP, 2038-01-19 03:14:07, less what a server's
// time zone may take off it. For a later date most servers would store the zero
// date: an access token would be dead at birth. (MariaDB from 11.5 on holds
// dates until 2106.)
const lastDate = "2038-01-18 00:00:00"

// formatExpires is the digits of UTC, as PHP writes them through a session of
// the server's own time zone. The zero time is never.
func formatExpires(t time.Time) string {
	if t.IsZero() {
		return zeroDate
	}
	return min(t.UTC().Format(time.DateTime), lastDate) // digits sort as their dates do
}

// parseExpires takes the digits as UTC. Of what PHP cannot read as a date, NULL
// and the zero date are the usual ones: a refresh token then never expires,
// anything else counts as expired. So does it for a date of 1970, which is
// what "never" becomes when it is written as the number 0.
func parseExpires(kind oauth.Kind, digits string) time.Time {
	t, err := time.Parse(time.DateTime, digits)
	if err == nil && t.Year() > 1970 {
		return t
	}
	if kind == oauth.RefreshToken && (err == nil || digits == "" || strings.HasPrefix(digits, "0000-")) {
		return time.Time{}
	}
	return time.Unix(0, 0).UTC()
}
