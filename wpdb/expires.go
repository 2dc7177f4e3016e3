package wpdb

import (
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// zeroDate is how "never" is written. NULL would be clearer, but the expires
// column that older servers have made is NOT NULL and turns it into "now".
const zeroDate = "0000-00-00 00:00:00"

// firstExpiry: a date before this one means "never", or is broken.
const firstExpiry = "1971-01-01 00:00:00"

// FormatExpires is the digits of UTC, as PHP writes them through a session of
// the server's own time zone. The zero time is never. For a date that is later
// than the column holds most servers would store the zero date, and an access
// token would be dead at birth, so it becomes the last one. (MariaDB from 11.5
// on holds dates until 2106.)
func FormatExpires(t time.Time) string {
	if t.IsZero() {
		return zeroDate
	}
	if last := oauth.LastExpiry(); t.After(last) {
		t = last
	}
	return t.UTC().Format(time.DateTime)
}

// ParseExpires takes the digits as UTC. Of what PHP cannot read as a date, NULL
// and the zero date are the usual ones: a refresh token then never expires,
// anything else counts as expired. So does it for a date of 1970, which is
// what "never" becomes when it is written as the number 0.
func ParseExpires(kind oauth.Kind, digits string) time.Time {
	t, err := time.Parse(time.DateTime, digits)
	if err == nil && digits >= firstExpiry {
		return t
	}
	if kind == oauth.RefreshToken && (err == nil || digits == "" || strings.HasPrefix(digits, "0000-")) {
		return time.Time{}
	}
	return time.Unix(0, 0).UTC()
}

// NeverCondition is true for the expires of a refresh token that never does;
// parseExpires says why. It is never NULL.
const NeverCondition = "COALESCE(expires < '" + firstExpiry + "', TRUE)"

// LiveCondition is true for a row that has not expired, and never NULL. It is
// parseExpires in SQL, and its argument the digits of now: both sides go
// through the server's own time zone, as the plugin's digits did.
func LiveCondition(kind oauth.Kind) string {
	const later = "COALESCE(expires >= ?, FALSE)"
	if kind == oauth.RefreshToken {
		return "(" + NeverCondition + " OR " + later + ")"
	}
	return later
}
