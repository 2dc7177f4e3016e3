#!/bin/sh
# Copies nginx's snippets into a folder, and adds moserver-token-site.conf: it sends the
# token endpoint of one of several sites on a machine to the socket of that site, which
# a variable names.
#
#     packaging/snippets.sh dist/nginx
set -eu
from=$(dirname "$0")/../docker
mkdir -p "$1"
cp "$from"/moserver-*.conf "$1/"
# shellcheck disable=SC2016 # nginx's variables
sed 's,unix:/run/moserver/token\.sock,unix:/run/moserver/$moserver_site.sock,
	s,^#     include .*/moserver-token\.conf;,#     set $moserver_site blog; # as in moserver-sidecar@blog\
#     include /usr/share/moserver-sidecar/nginx/moserver-token-site.conf;,
	/proxy_pass http:..127/d' "$from/moserver-token.conf" >"$1/moserver-token-site.conf"
