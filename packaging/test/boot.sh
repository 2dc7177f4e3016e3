#!/bin/sh
# Boots a Debian in namespaces of its own, as a container does: systemd is its first
# process, and it has no network but its own loopback. The file system below the first
# folder stays as it is; what changes is written below the second.
#
#     unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child boot.sh BASE WORK
set -eu
base=$1 work=$2 root=$2/root
mount --make-rprivate /
mkdir -p "$work/upper" "$work/work" "$root"
mount -t overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$root/dev/"; done
hostname machine
exec chroot "$root" env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --show-status=no
