#!/bin/sh
# Before the package is removed ("remove" for dpkg, 0 for rpm). An upgrade leaves the
# server running until the new one is there.
set -e
case $1 in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl stop 'moserver-sidecar*.socket' 'moserver-sidecar*.service' || true
	fi
	;;
esac
if [ "$1" = 0 ]; then
	systemctl disable moserver-sidecar.service moserver-sidecar.socket moserver-sidecar@.service moserver-sidecar@.socket || true
fi
