#!/bin/sh
# Before the package is removed. An upgrade ("upgrade" for dpkg, 1 for rpm) leaves the
# server running until the new one is there.
set -e
case $1 in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now moserver-sidecar.service moserver-sidecar.socket \
			'moserver-sidecar@*.service' 'moserver-sidecar@*.socket' || true
	fi
	;;
esac
