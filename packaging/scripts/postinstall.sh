#!/bin/sh
# After an installation or upgrade ("configure" and the version before, for dpkg). Debian
# opens the socket at once, and the first request starts the server; elsewhere "systemctl
# enable --now moserver-sidecar" does. A server that runs is restarted: its socket stays
# open meanwhile, so that requests only wait.
set -e
socket=moserver-sidecar.socket
settings=/etc/moserver/moserver.yaml
if [ "$1" = configure ]; then
	if [ -z "$2" ] && [ ! -e $settings ]; then
		install -m 640 -g www-data /usr/share/moserver-sidecar/moserver.yaml $settings
	fi
	if deb-systemd-helper --quiet was-enabled $socket; then
		deb-systemd-helper enable $socket >/dev/null
	else # by the administrator's wish
		deb-systemd-helper update-state $socket >/dev/null
	fi
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	if [ "$1" = configure ]; then
		deb-systemd-invoke start $socket >/dev/null || true
	fi
	systemctl try-restart moserver-sidecar.service 'moserver-sidecar@*.service' || true
fi
