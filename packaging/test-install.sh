#!/bin/sh
# Installs the package in bare Debian chroots, beside a WordPress with nginx, PHP and
# MariaDB of that release, as an administrator does it; asks for a token through nginx;
# upgrades, removes and purges. Needs root, debootstrap and lintian, and Debian's mirror.
#
#     packaging/test-install.sh bookworm trixie
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d /var/tmp/moserver-install.XXXXXX)
root=
cleanup() {
	leave
	rm -rf "$work"
}
# leave ends what runs in the chroot.
leave() {
	if [ -z "$root" ]; then return; fi
	for process in /proc/[0-9]*; do
		if [ "$(readlink "$process/root")" = "$root" ]; then kill -9 "${process#/proc/}" || true; fi
	done
	umount "$root/proc" || true
	root=
}
trap cleanup EXIT
trap "exit 1" INT TERM

say() { echo "== $*"; }
inside() { chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
# must has a command of sh succeed in the chroot.
must() { inside sh -ec "$1" || { echo "failed in $root: $1" >&2 && exit 1; }; }
# eventually waits for one.
eventually() {
	for _ in $(seq 150); do
		if inside sh -c "$1" >/dev/null 2>&1; then return; fi
		sleep 0.2
	done
	must "$1"
}
in_background() { inside "$@" >>"$work/log" 2>&1 & }

say "releases 0.9.0 and 1.0.0"
arch=$(dpkg --print-architecture)
git clone -q . "$work/source"
for version in 0.9.0 1.0.0; do
	sh "$work/source/packaging/release.sh" $version >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
	cp "$work/source/dist/moserver-sidecar_${version}_$arch.deb" "$work/"
done
lintian --allow-root --fail-on error "$work/moserver-sidecar_1.0.0_$arch.deb"

for suite in "$@"; do
	say "$suite: a WordPress"
	root=$work/$suite
	debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >>"$work/log"
	mount -t proc proc "$root/proc"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"
	must 'apt-get install -qq -y --no-install-recommends nginx-light php-fpm php php-mysql mariadb-server wordpress curl systemd man-db >/dev/null 2>&1'
	in_background mariadbd --user=mysql
	must 'mkdir -p /run/php /run/mysqld && chown mysql /run/mysqld'
	in_background sh -c 'exec /usr/sbin/php-fpm* --nodaemonize'
	eventually 'mariadb -e "SELECT 1"'
	must 'mariadb -e "CREATE DATABASE wordpress; CREATE USER wp@localhost IDENTIFIED BY \"secret\"; GRANT ALL ON wordpress.* TO wp@localhost"
		mkdir -p /var/www && cp -rL /usr/share/wordpress /var/www/html/wordpress && mv /var/www/html/wordpress/* /var/www/html/ && cd /var/www/html
		printf "<?php\ndefine(\"DB_NAME\", \"wordpress\");\ndefine(\"DB_USER\", \"wp\");\ndefine(\"DB_PASSWORD\", \"secret\");\ndefine(\"DB_HOST\", \"localhost\");\n\$table_prefix = \"wp_\";\nif (!defined(\"ABSPATH\")) define(\"ABSPATH\", __DIR__ . \"/\");\nrequire_once ABSPATH . \"wp-settings.php\";\n" >wp-config.php
		chown root:www-data wp-config.php && chmod 640 wp-config.php
		echo "<?php define(\"WP_INSTALLING\", true); \$_SERVER[\"HTTP_HOST\"] = \"localhost\"; require \"wp-load.php\"; require \"wp-admin/includes/upgrade.php\"; wp_install(\"Site\", \"admin\", \"a@example.com\", false, \"\", \"p\");" | php >/dev/null'
	# The tables of the plugin, which is not Debian's to give, and what wp-admin writes.
	sed 's/{prefix}/wp_/' wpdb/sandbox/plugin.sql | inside mariadb wordpress
	inside mariadb wordpress <<-'SQL'
		DELETE FROM wp_options WHERE option_name = 'mo_oauth_server_is_client_secret_encrypted';
		INSERT INTO wp_moos_oauth_clients VALUES ('app', 'app', 'secret', 'https://app.example/cb', 1);
		INSERT INTO wp_moos_oauth_refresh_tokens VALUES ('r1', 'app', 1, NULL, 'profile email');
	SQL
	cat >"$root/etc/nginx/sites-available/default" <<-'NGINX'
		server {
			listen 80;
			root /var/www/html;
			# here
			location / { try_files $uri /index.php?$args; }
			location ~ \.php$ { include fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:/run/php/php-fpm.sock; }
		}
	NGINX
	must 'ln -sf "$(ls -d /run/php/php*-fpm.sock | head -1)" /run/php/php-fpm.sock'
	in_background nginx -g 'daemon off;'
	eventually 'curl -fsS http://localhost/ | grep -q Site'

	say "$suite: from the package to a token"
	cp "$work"/*.deb "$root/tmp/"
	must "apt-get install -qq -y /tmp/moserver-sidecar_0.9.0_$arch.deb >/dev/null 2>&1"                 # 1
	must 'echo "wp_config: /var/www/html/wp-config.php" >>/etc/moserver/moserver.yaml'                    # 2
	# 3, systemctl enable --now moserver-sidecar, which a chroot has not: the unit's own command.
	start='exec systemd-socket-activate -l /run/moserver/token.sock $(sed -n "s/^ExecStart=//p" /usr/lib/systemd/system/moserver-sidecar.service)'
	must 'mkdir -p /run/moserver && chown moserver:www-data /run/moserver'
	groups=$(inside getent group www-data | cut -d: -f3)
	serve() { in_background setpriv --reuid=moserver --regid=moserver --groups="$groups" sh -c "umask 007; $start"; }
	serve
	eventually 'test -S /run/moserver/token.sock && chgrp www-data /run/moserver/token.sock'
	must 'sed -i "s,# here,include /usr/share/moserver-sidecar/nginx/moserver-token.conf;," /etc/nginx/sites-available/default && nginx -t -q && nginx -s reload' # 4
	eventually 'curl -fsS -d grant_type=refresh_token -d refresh_token=r1 -u app:secret http://localhost/wp-json/moserver/token | grep -q access_token'
	say "$suite: a token after 4 commands"

	must 'man -w moserver-sidecar moserver-sidecar-check >/dev/null; test "$(moserver-sidecar version | cut -d" " -f2)" = 0.9.0
		test "$(stat -c %U:%G:%a /etc/moserver/moserver.yaml)" = root:www-data:640'
	say "$suite: upgrade, remove, purge"
	must "apt-get install -qq -y /tmp/moserver-sidecar_1.0.0_$arch.deb >/dev/null 2>&1"
	must 'test "$(moserver-sidecar version | cut -d" " -f2)" = 1.0.0; grep -q "^wp_config:" /etc/moserver/moserver.yaml; moserver-sidecar check --config /etc/moserver/moserver.yaml'
	must 'apt-get remove -qq -y moserver-sidecar >/dev/null 2>&1; ! command -v moserver-sidecar; test -f /etc/moserver/moserver.yaml'
	must 'apt-get purge -qq -y moserver-sidecar >/dev/null 2>&1; ! test -e /etc/moserver/moserver.yaml; ! test -e /usr/share/moserver-sidecar'
	leave
done
say "installed, upgraded, removed and purged on: $*"
