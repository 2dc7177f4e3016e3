#!/bin/sh
# Before the package is removed ("remove" for dpkg, 0 for rpm). An upgrade leaves the
# server running until the new one is there.
set -e
case $1 in
remove | 0) ;;
*) exit 0 ;;
esac
# Without the package's files a web server that includes them would not start again.
including=$(grep -RlsE --exclude-dir='*-available' '^[^#]*/usr/share/moserver-sidecar/' /etc/nginx /etc/apache2 /etc/httpd /etc/caddy || true)
if [ -n "$including" ]; then
	cat >&2 <<-EOF
		The web server still needs this package, because of lines with /usr/share/moserver-sidecar/ in
		$including
		Remove these lines and reload the web server, so that PHP answers again; then remove the package.
	EOF
	exit 1
fi
if [ -d /run/systemd/system ]; then
	systemctl stop 'moserver-sidecar*.socket' 'moserver-sidecar*.service' || true
fi
if [ "$1" = 0 ]; then
	systemctl disable moserver-sidecar.service moserver-sidecar.socket moserver-sidecar@.service moserver-sidecar@.socket || true
fi
