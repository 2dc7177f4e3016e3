#!/bin/sh
# Refreshes an access token, uses it, revokes the refresh token, and sees that
# it is refused from then on. Needs curl and jq.
#
#   SITE=https://example.com CLIENT_ID=… CLIENT_SECRET=… REFRESH_TOKEN=… sh refresh.sh
set -eu

later() {
	echo "$1 says nothing of the token: keep it, and try again later" >&2
	exit 75
}

# post sends parameters to the token endpoint; what came back is in $status and
# $body. A secret on a command line can be read by others on the same machine:
# there, write client_secret@file in place of client_secret=…
post() {
	answer=$(curl -sS -w '\n%{http_code}' "$SITE/wp-json/moserver/token" \
		-H 'Content-Type: application/x-www-form-urlencoded' \
		--data-urlencode "client_id=$CLIENT_ID" \
		--data-urlencode "client_secret=$CLIENT_SECRET" "$@") || later 'no answer'
	status=${answer##*
}
	body=${answer%?"$status"}
	case $status in 429 | 5??) later "status $status" ;; esac
}

# member prints a member of a JSON object, nothing where there is none.
member() {
	printf %s "$body" | jq -r ".$1 // empty"
}

fail() {
	echo "$1: status $status, $(member error) $(member error_description)" >&2
	exit 1
}

post -d grant_type=refresh_token --data-urlencode "refresh_token=$REFRESH_TOKEN"
[ "$status" = 200 ] || fail "not refreshed"
access_token=$(member access_token)
echo "refreshed: an access token for $(member expires_in) seconds"

# The answer always has the refresh token to use next time: the same one, or the
# one that replaces it.
REFRESH_TOKEN=$(member refresh_token)

body=$(curl -sS --fail "$SITE/wp-json/moserver/resource" -H "Authorization: Bearer $access_token")
echo "resource: $(member username)"

post -d grant_type=revoke_token --data-urlencode "token=$REFRESH_TOKEN"
[ "$status" = 200 ] || fail "not revoked"
echo "revoked"

post -d grant_type=refresh_token --data-urlencode "refresh_token=$REFRESH_TOKEN"
[ "$status" = 400 ] || fail "a revoked token was not refused"
echo "refused: $(member error)"
