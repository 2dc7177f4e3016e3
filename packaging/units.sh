#!/bin/sh
# Writes the units into a folder, for the group of a web server: those of one site, and
# as templates those of one of several sites on a machine (moserver-sidecar@blog).
#
#     packaging/units.sh www-data dist/units
set -eu
group=$1 folder=$2
from=$(dirname "$0")/systemd
mkdir -p "$folder"
for unit in service socket; do
	sed "s/www-data/$group/" "$from/moserver-sidecar.$unit" >"$folder/moserver-sidecar.$unit"
	sed 's/moserver-sidecar\.socket/moserver-sidecar@%i.socket/
		s/moserver\.yaml/%i.yaml/
		s/token\.sock/%i.sock/
		s/^\(Description=.*\)/\1 (%i)/' "$folder/moserver-sidecar.$unit" >"$folder/moserver-sidecar@.$unit"
done
