#!/usr/bin/env bash
# `./metering up`: PostgreSQL, then the host (which migrates), then the sidecar, each waited for.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"
# shellcheck source=eng/settings.sh
source "$METERING_ROOT/eng/settings.sh"

UP_READY_SECONDS=90

print_addresses() {
  local port=$METERING_PORT sidecar=$METERING_SIDECAR_PORT
  say "  API            http://127.0.0.1:$port/api/v1"
  say "  Explorer       http://127.0.0.1:$port/api/explorer"
  say "  Portal         http://127.0.0.1:$port/portal"
  say "  Sidecar check  http://127.0.0.1:$sidecar/v1/check"
  say "  Health         http://127.0.0.1:$port/health/ready  http://127.0.0.1:$sidecar/health/ready"
  say "  Data and logs  $METERING_DATA"
}

need_port() { # PORT FLAG LABEL
  if port_busy "$1"; then
    die "Port $1, which $3 needs, is taken by another program. Stop that program (ss -ltnp 'sport = :$1' names it), or choose another port: ./metering up $2 N"
  fi
}

# start_process NAME PORT ASSEMBLY ARGUMENT…: in a session of its own, so that Ctrl-C reaches only this script.
start_process() {
  local name=$1 port=$2 log=$METERING_DATA/log/$1.log
  shift 2
  if [ -e "$log" ]; then mv -f "$log" "$log.1"; fi
  setsid dotnet "$@" >"$log" 2>&1 </dev/null 9>&- &
  remember_process "$METERING_DATA/$name" $!
  printf '%s\n' "$port" >"$METERING_DATA/$name.port"
}

# pass NAME…: hands on the settings that have a value, and keeps the empty ones from looking like one.
pass() {
  local name
  for name in "$@"; do
    if [ -n "${!name}" ]; then export "${name?}"; else unset "$name"; fi
  done
}

start_host() {
  need_port "$METERING_PORT" --port "the host"
  if [ -z "$METERING_POSTGRES" ]; then
    "$METERING_ROOT/eng/postgres.sh" start "$METERING_DATA/postgres"
    METERING_POSTGRES=$("$METERING_ROOT/eng/postgres.sh" url "$METERING_DATA/postgres")
  fi
  (
    pass METERING_POSTGRES METERING_RABBITMQ METERING_ADMIN_KEY METERING_SIDECAR_KEY METERING_PORT METERING_BIND METERING_PUBLIC_URL METERING_DATA METERING_TEST_CLOCK
    start_process host "$METERING_PORT" "$(output_of src/Host Metering.Host)" serve --role all
  )
  wait_ready "$METERING_DATA/host" "The host" "$METERING_PORT" /health/ready $UP_READY_SECONDS "$METERING_DATA/log/host.log"
}

# The sidecar gets neither database nor admin key: it knows the host's address and a key of its own.
start_sidecar() {
  need_port "$METERING_SIDECAR_PORT" --sidecar-port "the sidecar"
  (
    unset METERING_POSTGRES METERING_RABBITMQ METERING_ADMIN_KEY
    pass METERING_SIDECAR_BIND METERING_SIDECAR_KEY
    export METERING_HOST_URL=http://127.0.0.1:$METERING_PORT METERING_SIDECAR_PORT
    export METERING_SIDECAR_KEY_FILE=$METERING_DATA/sidecar-key METERING_SIDECAR_DATA=$METERING_DATA/sidecar
    start_process sidecar "$METERING_SIDECAR_PORT" "$(output_of src/EnforcementSidecar Metering.EnforcementSidecar)"
  )
  wait_ready "$METERING_DATA/sidecar" "The sidecar" "$METERING_SIDECAR_PORT" /health/ready $UP_READY_SECONDS "$METERING_DATA/log/sidecar.log"
}

# What ends this one and no other.
stop_command() {
  if [ "$METERING_DATA" = "$METERING_ROOT/.metering" ]; then echo "./metering down"; else echo "./metering down --data $METERING_DATA"; fi
}

start_everything() {
  mkdir -p "$METERING_DATA/log"
  flock -w 300 9 || die "Another ./metering up or down in $METERING_DATA has not finished after 300 s."
  if running_pid "$METERING_DATA/host" >/dev/null && running_pid "$METERING_DATA/sidecar" >/dev/null; then
    METERING_PORT=$(cat "$METERING_DATA/host.port")
    METERING_SIDECAR_PORT=$(cat "$METERING_DATA/sidecar.port")
    say "Metering already runs; nothing was changed. Stop it with: $(stop_command)"
    print_addresses
    exit 0
  fi
  # One of the two alone is what a crash leaves. It is stopped too, so that both run with the settings given now.
  if running_pid "$METERING_DATA/host" >/dev/null || running_pid "$METERING_DATA/sidecar" >/dev/null; then
    note "Only a part of Metering runs in $METERING_DATA; it is started anew."
    stop_process "$METERING_DATA/sidecar" 20
    stop_process "$METERING_DATA/host" 30
  fi
  build_if_changed src/Host src/EnforcementSidecar
  # Whatever goes wrong from here to the end of the start, nothing is left half running.
  trap 'stop_everything' EXIT
  trap 'exit 130' INT TERM HUP
  start_host
  start_sidecar
  trap - EXIT INT TERM HUP
}

# Until Ctrl-C, or until one of the two ends by itself: then the other is stopped as well and the reason shown.
stay() {
  local name
  say "Ctrl-C stops it."
  while true; do
    for name in host sidecar; do
      if ! running_pid "$METERING_DATA/$name" >/dev/null; then
        # `./metering down` in another terminal removes the pid file; a crash leaves it.
        if [ ! -e "$METERING_DATA/$name.pid" ]; then
          say "Stopped."
          exit 0
        fi
        note "The $name stopped by itself. The end of $METERING_DATA/log/$name.log:"
        tail -n 20 "$METERING_DATA/log/$name.log" >&2 || true
        stop_everything
        exit 1
      fi
    done
    sleep 1 &
    wait $!
  done
}

read_settings up "$@"
mkdir -p "$METERING_DATA"
first_start=yes
if [ -e "$METERING_DATA/admin-key" ]; then first_start=; fi
exec 9>"$METERING_DATA/lock"
start_everything
exec 9>&-

say "Metering runs."
print_addresses
if [ -n "$first_start" ] && [ -r "$METERING_DATA/admin-key" ]; then
  say "  Admin API key  $(cat "$METERING_DATA/admin-key")"
  say "                 shown this once; it is kept in $METERING_DATA/admin-key"
fi
if [ -n "$SETTINGS_DETACH" ]; then
  say "Stop it with: $(stop_command)"
  exit 0
fi
trap 'say "Stopping…"; stop_everything; exit 0' INT TERM HUP
stay
