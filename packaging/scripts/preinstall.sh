#!/bin/sh
# The user that the server runs as, before there are files that belong to its group.
set -e
if ! getent passwd moserver >/dev/null; then
	useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin moserver
fi
