#!/bin/sh
# After an installation or upgrade. A server that runs is restarted; its socket stays
# open meanwhile, so that requests only wait.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart moserver-sidecar.service 'moserver-sidecar@*.service' || true
fi
