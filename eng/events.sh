#!/usr/bin/env bash
# `./metering events …`: the host's own command line, pointed at what `up` started here unless told otherwise.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"
# shellcheck source=eng/settings.sh
source "$METERING_ROOT/eng/settings.sh"

METERING_DATA=$(realpath -m "$METERING_DATA")
if [ -z "${METERING_HOST_URL:-}" ]; then
  METERING_HOST_URL=http://127.0.0.1:$(cat "$METERING_DATA/host.port" 2>/dev/null || printf '%s' "$METERING_PORT")
fi
if [ -z "$METERING_ADMIN_KEY" ] && [ -r "$METERING_DATA/admin-key" ]; then METERING_ADMIN_KEY=$(cat "$METERING_DATA/admin-key"); fi
export METERING_HOST_URL METERING_ADMIN_KEY METERING_DATA
build_if_changed src/Host
exec dotnet "$(output_of src/Host Metering.Host)" events "$@"
