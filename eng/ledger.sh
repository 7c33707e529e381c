#!/usr/bin/env bash
# `./metering ledger …`: the books, read from the database that `up` started here, or from METERING_POSTGRES.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"
# shellcheck source=eng/settings.sh
source "$METERING_ROOT/eng/settings.sh"

METERING_DATA=$(realpath -m "$METERING_DATA")
if [ -z "$METERING_POSTGRES" ]; then
  if [ ! -e "$METERING_DATA/postgres" ]; then die "There is no database in $METERING_DATA. Name one with METERING_POSTGRES, or start one with ./metering up."; fi
  METERING_POSTGRES=$("$METERING_ROOT/eng/postgres.sh" url "$METERING_DATA/postgres")
fi
unset METERING_RABBITMQ METERING_ADMIN_KEY METERING_SIDECAR_KEY METERING_TEST_CLOCK METERING_BIND METERING_PUBLIC_URL
export METERING_POSTGRES METERING_DATA
build_if_changed src/Host
exec dotnet "$(output_of src/Host Metering.Host)" ledger "$@"
