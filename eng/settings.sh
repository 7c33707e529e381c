# shellcheck shell=bash
# shellcheck disable=SC2034 # SETTINGS_DETACH is for up.sh.
# The settings that `up`, `down` and `events` share: environment first, flags over it. Sourced after common.sh.

METERING_PORT=${METERING_PORT:-8080}
METERING_SIDECAR_PORT=${METERING_SIDECAR_PORT:-8081}
METERING_DATA=${METERING_DATA:-$METERING_ROOT/.metering}
METERING_BIND=${METERING_BIND:-}
METERING_SIDECAR_BIND=${METERING_SIDECAR_BIND:-}
METERING_PUBLIC_URL=${METERING_PUBLIC_URL:-}
METERING_POSTGRES=${METERING_POSTGRES:-}
METERING_RABBITMQ=${METERING_RABBITMQ:-}
METERING_ADMIN_KEY=${METERING_ADMIN_KEY:-}
METERING_SIDECAR_KEY=${METERING_SIDECAR_KEY:-}
METERING_TEST_CLOCK=${METERING_TEST_CLOCK:-}
SETTINGS_DETACH=

read_settings() { # COMMAND FLAG…
  local command=$1
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --port | --sidecar-port | --data | --test-clock) [ -n "${2:-}" ] || die "$1 needs a value. See ./metering help." ;;
    esac
    case $command$1 in
      up--detach) SETTINGS_DETACH=yes ;;
      up--port) METERING_PORT=$2 && shift ;;
      up--sidecar-port) METERING_SIDECAR_PORT=$2 && shift ;;
      up--test-clock) METERING_TEST_CLOCK=$2 && shift ;;
      up--data | down--data) METERING_DATA=$2 && shift ;;
      *)
        note "metering: ./metering $command does not know '$1'. See ./metering help."
        exit 2
        ;;
    esac
    shift
  done
  check_port METERING_PORT "$METERING_PORT"
  check_port METERING_SIDECAR_PORT "$METERING_SIDECAR_PORT"
  [ "$METERING_PORT" != "$METERING_SIDECAR_PORT" ] || die "Host and sidecar cannot both use port $METERING_PORT. Give the sidecar another one with --sidecar-port."
  METERING_DATA=$(realpath -m "$METERING_DATA")
}

# Sidecar before host, so that it can still hand in what it counted; the database last.
stop_everything() {
  stop_process "$METERING_DATA/sidecar" 20
  stop_process "$METERING_DATA/host" 30
  if [ -e "$METERING_DATA/postgres" ]; then "$METERING_ROOT/eng/postgres.sh" stop "$METERING_DATA/postgres"; fi
}
