#!/usr/bin/env bash
# `./metering demo`: the product, a real nginx gateway and a stub language model, driven by samples/Demo on a test clock.
# Everything is private to .metering-demo and its own free ports, and made anew each time.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/packages.sh
source "$METERING_ROOT/eng/packages.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"

DEMO_START=2026-01-15T09:00:00Z
DEMO_SECONDS=600
DEMO_TEMPLATES=$METERING_ROOT/samples/gateways/nginx
METERING_DEMO_DATA=$METERING_ROOT/.metering-demo
METERING_DEMO_KEEP=

stop_demo() {
  stop_process "$METERING_DEMO_DATA/nginx-gateway" 10 QUIT
  stop_process "$METERING_DEMO_DATA/upstream" 10
  METERING_DATA=$METERING_DEMO_DATA "$METERING_ROOT/metering" down >/dev/null
}

remove_demo() {
  if [ -e "$METERING_DEMO_DATA/postgres" ]; then "$METERING_ROOT/eng/postgres.sh" remove "$METERING_DEMO_DATA/postgres"; fi
  remove_dir "$METERING_DEMO_DATA/nginx"
  rm -rf -- "$METERING_DEMO_DATA"
}

start_product() {
  # The demo owns its settings: what a shell has set for `up` must not send its events into a real database.
  unset METERING_POSTGRES METERING_RABBITMQ METERING_ADMIN_KEY METERING_SIDECAR_KEY METERING_TEST_CLOCK METERING_BIND METERING_SIDECAR_BIND METERING_PUBLIC_URL
  "$METERING_ROOT/metering" up --detach --data "$METERING_DEMO_DATA" --test-clock "$DEMO_START" \
    --port "$1" --sidecar-port "$2" >"$METERING_DEMO_DATA/up.txt"
}

wait_port() { # NAME LABEL PORT LOG
  local tick
  for ((tick = 0; tick < 150; tick++)); do
    if port_busy "$3"; then return; fi
    if ! running_pid "$1" >/dev/null; then break; fi
    sleep 0.2
  done
  tail -n 20 "$4" >&2 || true
  die "$2 did not start. The whole log: $4"
}

start_upstream() {
  local log=$METERING_DEMO_DATA/log/upstream.log
  setsid dotnet "$(output_of samples/Demo Metering.Demo)" upstream >"$log" 2>&1 </dev/null &
  remember_process "$METERING_DEMO_DATA/upstream" $!
  wait_port "$METERING_DEMO_DATA/upstream" "The stub upstream" "$METERING_DEMO_UPSTREAM_PORT" "$log"
}

# render FILE: the gateway's configuration with this demo's addresses put in.
render() {
  sed -e "s|@PORT@|$METERING_DEMO_GATEWAY_PORT|g" -e "s|@SIDECAR@|127.0.0.1:$METERING_DEMO_SIDECAR_PORT|g" \
    -e "s|@UPSTREAM@|127.0.0.1:$METERING_DEMO_UPSTREAM_PORT|g" -e "s|@RUN@|$METERING_DEMO_NGINX_DIR|g" \
    -e "s|@FAILURE@|closed|g" -e "s|/usr/lib/nginx/modules|$METERING_DEMO_NGINX_MODULES|g" "$1"
}

start_gateway() {
  local user file log nginx
  nginx=$(command -v nginx || echo /usr/sbin/nginx)
  user=$(id -un)
  if is_root; then user=$(first_user nobody www-data); fi
  METERING_DEMO_NGINX_DIR=$(prepare_dir "$METERING_DEMO_DATA/nginx" "$user")
  METERING_DEMO_NGINX_MODULES=$(dirname "$(nginx_js_module)")
  mkdir -p "$METERING_DEMO_NGINX_DIR/log" "$METERING_DEMO_NGINX_DIR/tmp"
  for file in "$DEMO_TEMPLATES"/*; do
    case $file in
      *.template) render "$file" >"$METERING_DEMO_NGINX_DIR/$(basename "$file" .template)" ;;
      *.js | *.conf) cp "$file" "$METERING_DEMO_NGINX_DIR/" ;;
    esac
  done
  if is_root; then chown -R "$user:" "$METERING_DEMO_NGINX_DIR"; fi
  log=$METERING_DEMO_DATA/log/nginx.log
  become "$user" setsid "$nginx" -p "$METERING_DEMO_NGINX_DIR" -c "$METERING_DEMO_NGINX_DIR/nginx.conf" -e stderr \
    >"$log" 2>&1 </dev/null &
  remember_process "$METERING_DEMO_DATA/nginx-gateway" $!
  wait_port "$METERING_DEMO_DATA/nginx-gateway" "The nginx gateway" "$METERING_DEMO_GATEWAY_PORT" "$log"
}

drive() {
  (
    cd "$METERING_ROOT"
    exec timeout --foreground --kill-after=10 "$DEMO_SECONDS" dotnet "$(output_of samples/Demo Metering.Demo)" drive
  )
}

case ${1:-} in
  '') ;;
  --keep) METERING_DEMO_KEEP=true ;;
  --stop)
    stop_demo
    say "The demo is stopped. What it made is in $METERING_DEMO_DATA until the next one."
    exit 0
    ;;
  *)
    note "metering: ./metering demo does not know '$1'. See ./metering help."
    exit 2
    ;;
esac

need_packages "./metering demo" nginx libnginx-mod-http-js weasyprint fonts-dejavu-core
# Built before anything starts, so that a failing build leaves nothing behind.
build_if_changed src/Host src/EnforcementSidecar samples/Demo
stop_demo
remove_demo
mkdir -p "$METERING_DEMO_DATA/log"

# What samples/Demo reads, as upstream and as driver, and what the templates of the gateway may name.
host_port=$(free_port 4)
METERING_DEMO_SIDECAR_PORT=$((host_port + 1))
METERING_DEMO_GATEWAY_PORT=$((host_port + 2))
export METERING_DEMO_UPSTREAM_PORT=$((host_port + 3))
export METERING_DEMO_HOST_URL=http://127.0.0.1:$host_port METERING_DEMO_SIDECAR_URL=http://127.0.0.1:$METERING_DEMO_SIDECAR_PORT
export METERING_DEMO_GATEWAY_URL=http://127.0.0.1:$METERING_DEMO_GATEWAY_PORT METERING_DEMO_ADMIN_KEY_FILE=$METERING_DEMO_DATA/admin-key
export METERING_DEMO_DATA METERING_DEMO_KEEP

trap stop_demo EXIT
trap 'exit 130' INT TERM HUP
start_product "$host_port" "$METERING_DEMO_SIDECAR_PORT"
start_upstream
start_gateway
drive
if [ -n "$METERING_DEMO_KEEP" ]; then
  trap - EXIT
  say "It keeps running: gateway $METERING_DEMO_GATEWAY_URL, product $METERING_DEMO_HOST_URL. Stop it with: ./metering demo --stop"
fi
