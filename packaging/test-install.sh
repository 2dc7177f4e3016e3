#!/bin/sh
# Makes two releases and installs them on Debian machines with systemd, beside a WordPress
# with nginx, PHP and MariaDB, as an administrator does it: asks for a token through nginx;
# upgrades under load; serves a second site below /home; removes and purges. Needs root,
# debootstrap, lintian and Debian's mirror.
#
#     packaging/test-install.sh bookworm trixie
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d /var/tmp/moserver-install.XXXXXX)
arch=$(dpkg --print-architecture)
. packaging/test/machine.sh
cleanup() {
	end_machine
	rm -rf "$work"
}
trap cleanup EXIT
trap "exit 1" INT TERM

# release makes a release of what is committed, with a umask and in a clone of its own.
release() {
	(
		umask "$2"
		git clone -q "$work/source" "$work/$3" && cd "$work/$3"
		echo "# of $1" >>config.example.yaml # each release has another
		cp config.example.yaml "config/testdata/$1.yaml"
		sed -i "0,/^## /s//## $1 (today)\n\n&/" CHANGELOG.md
		git add . && GIT_COMMITTER_DATE=@1800000000 git -c user.name=test -c user.email=test@example.com commit -qm "Release $1"
		sh packaging/release.sh "$1"
	) >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
}

# command is one that the administrator types.
command() {
	typed=$((typed + 1))
	say "  $typed. $1"
	must "$1"
}

line=$(grep -m 1 '^sed ' docs/install.md)

# walk goes from the package to the first token.
walk() {
	typed=0
	command "apt-get install -y ./moserver-sidecar_9.0.0_$arch.deb"
	command 'echo "wp_config: /var/www/html/wp-config.php" >>/etc/moserver/moserver.yaml'
	command "$line"
	command 'nginx -t && systemctl reload nginx'
	eventually "$(token r1)"
	say "$1: the first token through nginx after $typed commands"
	[ $typed -le 4 ]
}

# token is a command that gets a token through nginx.
token() {
	echo "curl -fsS -d grant_type=refresh_token -d refresh_token=$1 -u app:secret ${2:-http://localhost}/wp-json/moserver/token | grep -q access_token"
}

installed() {
	must 'man -w moserver-sidecar moserver-sidecar-check
		moserver-sidecar version | grep -q "^moserver-sidecar 9.0.0 "
		journalctl --unit=moserver-sidecar | grep -q "msg=listening.*version=.moserver-sidecar 9.0.0 "
		test "$(stat -c %U:%G:%a /etc/moserver/moserver.yaml)" = root:www-data:640
		test "$(stat -c %G:%a /run/moserver/token.sock)" = www-data:660
		test "$(ps -o user= -C moserver-sidecar)" = moserver
		systemctl is-enabled moserver-sidecar.socket
		test -f "$(moserver-sidecar doctor --config /etc/moserver/moserver.yaml | grep -o "/usr/share/doc/[^ ]*/door.md")"
		cd /usr/share/doc/moserver-sidecar && test -f docker/moserver-door.conf && test -f packaging/apache/moserver-door.conf
		systemctl reload moserver-sidecar
		moserver-sidecar healthcheck --ready --listen unix:/run/moserver/token.sock'
}

# upgrade installs a newer version while clients ask for tokens, all of which they get;
# then the older one again.
upgrade() {
	must "for client in 1 2 3 4; do
			while ! test -e /tmp/enough; do
				curl -s -o /dev/null -w '%{http_code}\n' -d grant_type=refresh_token -d refresh_token=r1 -u app:secret http://localhost/wp-json/moserver/token
			done >/tmp/statuses.\$client &
		done
		sleep 1
		apt-get install -y ./moserver-sidecar_9.0.1_$arch.deb
		sleep 1
		touch /tmp/enough
		wait
		rm /tmp/enough
		not grep -v '^200' /tmp/statuses.*"
	say "$1: upgraded; $(inside sh -c 'cat /tmp/statuses.* | wc -l') requests meanwhile, all with tokens"
	must 'moserver-sidecar version | grep -q "^moserver-sidecar 9.0.1 "
		journalctl --unit=moserver-sidecar | grep -q "msg=stopped"
		journalctl --unit=moserver-sidecar | grep -q "msg=listening.*version=.moserver-sidecar 9.0.1 "
		grep -q "^wp_config:" /etc/moserver/moserver.yaml
		test "$(stat -c %U:%G:%a /etc/moserver/moserver.yaml)" = root:www-data:640
		moserver-sidecar check --config /etc/moserver/moserver.yaml'
	must "apt-get install -y --allow-downgrades ./moserver-sidecar_9.0.0_$arch.deb"
	eventually "$(token r1)"
	must "apt-get install -y ./moserver-sidecar_9.0.1_$arch.deb"
}

# second serves another site on the machine, below /home.
second() {
	must "mariadb -e 'CREATE DATABASE shop'
		mariadb-dump wordpress | mariadb shop
		mariadb shop -e \"UPDATE wp_moos_oauth_refresh_tokens SET refresh_token = 'r2'\"
		useradd --create-home alice
		chgrp www-data /home/alice && chmod 710 /home/alice
		mkdir /home/alice/shop
		sed 's/\"wordpress\"/\"shop\"/; s/'\\''wordpress'\\''/'\\''shop'\\''/' /var/www/html/wp-config.php >/home/alice/shop/wp-config.php
		chown -R alice:www-data /home/alice/shop && chmod 640 /home/alice/shop/wp-config.php
		install -m 640 -g www-data /dev/null /etc/moserver/shop.yaml
		echo 'wp_config: /home/alice/shop/wp-config.php' >>/etc/moserver/shop.yaml
		systemctl enable --now moserver-sidecar@shop
		printf 'server {\n listen 81;\n set \$moserver_site shop;\n include /usr/share/moserver-sidecar/nginx/moserver-token-site.conf;\n}\n' >/etc/nginx/sites-enabled/shop
		systemctl reload nginx"
	eventually "$(token r2 http://localhost:81)"
	must "$(token r1)
		not sh -c '$(token r1 http://localhost:81)'
		not sh -c '$(token r2)'"
	# Where PHP runs as the owner of the site, nobody else's group can read wp-config.php.
	must 'chown -R alice:alice /home/alice
		systemctl stop moserver-sidecar@shop.service
		mkdir /etc/systemd/system/moserver-sidecar@shop.service.d
		printf "[Service]\nSupplementaryGroups=alice\n" >/etc/systemd/system/moserver-sidecar@shop.service.d/override.conf
		systemctl daemon-reload'
	must "$(token r2 http://localhost:81)"
}

# unrouted takes the lines out of nginx.
unrouted() {
	must 'sed -i "/moserver/d" /etc/nginx/sites-available/default
		rm -f /etc/nginx/sites-enabled/shop
		systemctl restart nginx'
}

# removed removes and purges: not while nginx would not start without the package.
removed() {
	must 'not apt-get remove -y moserver-sidecar'
	must "$(token r1)"
	unrouted
	must 'apt-get remove -y moserver-sidecar
		not command -v moserver-sidecar
		not pgrep moserver
		not test -e /run/moserver/token.sock
		test -f /etc/moserver/moserver.yaml'
	must "apt-get install -y ./moserver-sidecar_9.0.1_$arch.deb"
	must 'test "$(stat -c %U:%G:%a /etc/moserver/moserver.yaml)" = root:www-data:640
		moserver-sidecar healthcheck --ready --listen unix:/run/moserver/token.sock # which starts it
		apt-get purge -y moserver-sidecar
		not pgrep moserver
		not test -e /etc/moserver/moserver.yaml
		test -f /etc/moserver/shop.yaml # not of the package
		not test -e /usr/share/moserver-sidecar
		not ls /etc/systemd/system/*.wants/moserver* /var/lib/systemd/deb-systemd-helper-enabled/moserver*'
}

# from_rpm does the same with the other package, which only Debian's rpm has to understand
# here: it looks for none of what that depends on, and the web server is another group's.
from_rpm() {
	rpm=rpm
	if inside rpm --force-debian --version >/dev/null 2>&1; then rpm="rpm --force-debian"; fi # of older releases
	must 'groupadd --system apache && usermod --append --groups apache www-data && chgrp apache /var/www/html/wp-config.php
		systemctl restart nginx
		'"$rpm"' --nodeps -i moserver-sidecar-9.0.0-1.$(uname -m).rpm
		test "$(stat -c %U:%G:%a /etc/moserver/moserver.yaml)" = root:apache:640
		echo "wp_config: /var/www/html/wp-config.php" >>/etc/moserver/moserver.yaml
		systemctl enable --now moserver-sidecar'
	must "$line; systemctl reload nginx"
	eventually "$(token r1)"
	must 'pid=$(pgrep moserver)
		'"$rpm"' --nodeps -U moserver-sidecar-9.0.1-1.$(uname -m).rpm
		not test "$(pgrep moserver)" = "$pid"
		grep -q "^wp_config:" /etc/moserver/moserver.yaml'
	eventually "$(token r1)"
	unrouted
	must "$rpm -e moserver-sidecar"
	must 'not pgrep moserver
		not test -e /usr/share/moserver-sidecar
		not ls /etc/systemd/system/*.wants/moserver*
		test -f /etc/moserver/moserver.yaml.rpmsave'
}

say "releases 9.0.0 and 9.0.1, and that again elsewhere"
git clone -q . "$work/source"
release 9.0.0 022 old
release 9.0.1 022 new
release 9.0.1 077 new-again
mkdir "$work/packages" && ln "$work"/old/dist/*.deb "$work"/old/dist/*.rpm "$work"/new/dist/*.deb "$work"/new/dist/*.rpm "$work/packages"
diff "$work/new/dist/SHA256SUMS" "$work/new-again/dist/SHA256SUMS"
lintian --allow-root --fail-on error "$work/new/dist/moserver-sidecar_9.0.1_$arch.deb"

for suite in "$@"; do
	say "$suite: a machine with a WordPress"
	begin_machine "$suite"
	sed 's/{prefix}/wp_/' wpdb/sandbox/plugin.sql | inside mariadb wordpress
	inside mariadb wordpress <<-'SQL'
		DELETE FROM wp_options WHERE option_name = 'mo_oauth_server_is_client_secret_encrypted';
		INSERT INTO wp_moos_oauth_clients VALUES ('app', 'app', 'secret', 'https://app.example/cb', 1);
		INSERT INTO wp_moos_oauth_refresh_tokens VALUES ('r1', 'app', 1, NULL, 'profile email');
	SQL
	tar -C "$work/packages" -c . | inside tar -x
	walk "$suite"
	installed
	upgrade "$suite"
	say "$suite: a second site below /home"
	second
	say "$suite: removed, installed again, purged"
	removed
	say "$suite: and from the .rpm"
	from_rpm
	end_machine
done
say "installed, upgraded, removed and purged on: $*"
