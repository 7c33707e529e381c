#!/usr/bin/env bash
# `./metering down`: stops what `up` started in this data folder, and nothing else.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/settings.sh
source "$METERING_ROOT/eng/settings.sh"

read_settings down "$@"
if [ ! -d "$METERING_DATA" ]; then
  say "Nothing runs: there is no $METERING_DATA."
  exit 0
fi
exec 9>"$METERING_DATA/lock"
flock -w 120 9 || die "Another ./metering up or down in $METERING_DATA has not finished after 120 s."
running=
if running_pid "$METERING_DATA/host" >/dev/null || running_pid "$METERING_DATA/sidecar" >/dev/null \
  || { [ -e "$METERING_DATA/postgres" ] && "$METERING_ROOT/eng/postgres.sh" pid "$METERING_DATA/postgres" >/dev/null; }; then running=yes; fi
stop_everything
if [ -n "$running" ]; then say "Stopped."; else say "Nothing ran."; fi
