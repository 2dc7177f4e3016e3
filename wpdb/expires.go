package wpdb

import (
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// zeroDate means "never". NULL would be clearer, but an expires column made by an
// older server is NOT NULL and turns it into "now".
const zeroDate = "0000-00-00 00:00:00"

// firstExpiry: a date before this one means "never", or is broken.
const firstExpiry = "1971-01-01 00:00:00"

// FormatExpires is the digits of UTC, as PHP writes them through a session of the
// server's own time zone. The zero time is never. A date past the column's end becomes
// its last one: most servers would store the zero date, and an access token would be
// dead at birth. (MariaDB from 11.5 on holds dates until 2106.)
func FormatExpires(t time.Time) string {
	if t.IsZero() {
		return zeroDate
	}
	if last := oauth.LastExpiry(); t.After(last) {
		t = last
	}
	return t.UTC().Format(time.DateTime)
}

// ParseExpires takes the digits as UTC. With NULL, the zero date or a date of 1970
// (what "never" becomes when written as 0) a refresh token never expires; anything
// else that has no date counts as expired.
func ParseExpires(kind oauth.Kind, digits string) time.Time {
	if kind == oauth.RefreshToken && digits == "" { // as most are
		return time.Time{}
	}
	t, err := time.Parse(time.DateTime, digits)
	if err == nil && digits >= firstExpiry {
		return t
	}
	if kind == oauth.RefreshToken && (err == nil || strings.HasPrefix(digits, "0000-")) {
		return time.Time{}
	}
	return time.Unix(0, 0).UTC()
}

// NeverCondition is true for a refresh token that never expires, and never NULL; see
// ParseExpires.
const NeverCondition = "COALESCE(expires < '" + firstExpiry + "', TRUE)"

// LiveCondition is true for a row that has not expired, and never NULL. It is
// ParseExpires in SQL, with the digits of now as argument: both sides go through the
// server's own time zone, as the plugin's digits did.
func LiveCondition(kind oauth.Kind) string {
	const later = "COALESCE(expires >= ?, FALSE)"
	if kind == oauth.RefreshToken {
		return "(" + NeverCondition + " OR " + later + ")"
	}
	return later
}
