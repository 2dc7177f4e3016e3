# Functions for a Debian machine to test on, as good as a real one: an own systemd, nginx,
# php-fpm, MariaDB and a WordPress in /var/www/html. They need root, $work, a folder for
# what is temporary, and $root, which begin_machine sets. To be sourced.
here=$(dirname "$0")/test
machine_pid=

# base prints the folder of a Debian with WordPress's package and what it needs, which is
# kept in the user's cache; delete it to get newer packages.
base() {
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/moserver-sidecar/machines
	if [ ! -e "$cache/$1" ]; then
		rm -rf "$cache/$1.new" && mkdir -p "$cache"
		debootstrap --variant=minbase --include=ca-certificates "$1" "$cache/$1.new" >>"$work/log" || return 1
		printf 'force-unsafe-io\n' >"$cache/$1.new/etc/dpkg/dpkg.cfg.d/fast"
		# shellcheck disable=SC2016 # for the shell in there
		unshare --mount --pid --fork sh -ec 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$cache/$1.new" \
			env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends \
			nginx-light php-fpm php php-mysql mariadb-server wordpress curl systemd-sysv dbus man-db rpm >>"$work/log" 2>&1 || return 1
		mv "$cache/$1.new" "$cache/$1"
	fi
	echo "$cache/$1"
}

# begin_machine boots the Debian of a suite, and installs WordPress.
begin_machine() {
	base=$(base "$1") || { tail -n 20 "$work/log" >&2 && exit 1; }
	root=$work/$1/root
	unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child sh "$here/boot.sh" "$base" "$work/$1" >>"$work/log" 2>&1 &
	unshare_pid=$!
	until machine_pid=$(pgrep -P $unshare_pid) && [ "$(readlink "/proc/$machine_pid/root")" = "$root" ]; do sleep 0.1; done
	eventually 'mariadb -e "SELECT 1"; systemctl is-active nginx; systemctl is-active "php*-fpm.service"'
	must "$(cat "$here/wordpress.sh")"
	eventually 'curl -fsSI http://localhost/ | grep -q api.w.org'
}

# end_machine ends all that runs on it.
end_machine() {
	if [ -n "$machine_pid" ]; then
		kill -9 "$machine_pid" && wait "$unshare_pid" || true
	fi
	machine_pid=
}

say() { echo "== $*"; }
# inside runs a program on the machine.
inside() {
	nsenter --target "$machine_pid" --mount --uts --ipc --net --pid --cgroup --root --wd \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
# must has a script succeed there, each line of it ("not" is a "!" that -e heeds); on a
# failure the journal says why.
must() {
	inside sh -exc "not() { ! \"\$@\"; }; $1" >"$work/out" 2>&1 && return
	tail -n 20 "$work/out" >&2
	inside journalctl --no-pager --unit='moserver-sidecar*' --lines=20 >&2 || true
	exit 1
}
# eventually waits until it does.
eventually() {
	for _ in $(seq 100); do
		if inside sh -exc "$1" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	must "$1"
}
