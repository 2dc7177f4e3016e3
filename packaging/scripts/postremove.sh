#!/bin/sh
# After the package is removed. A purge deletes the settings and forgets which units were
# enabled; the settings of further sites, in /etc/moserver, stay.
set -e
if [ "$1" = purge ]; then
	deb-systemd-helper purge moserver-sidecar.socket >/dev/null
	rm -f /etc/moserver/moserver.yaml /etc/systemd/system/*.wants/moserver-sidecar*
	rmdir /etc/moserver 2>/dev/null || true
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
