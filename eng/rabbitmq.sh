#!/usr/bin/env bash
# A private RabbitMQ node in a folder of its own, with every listener on 127.0.0.1 and an epmd of its own.
#
#   eng/rabbitmq.sh start DIR     make the node if there is none, and start it on free ports
#   eng/rabbitmq.sh stop DIR      stop it; what is durable stays
#   eng/rabbitmq.sh kill DIR      end it as a crash would (SIGKILL), for tests
#   eng/rabbitmq.sh url DIR       amqp:// address, with the password
#   eng/rabbitmq.sh pid DIR       process id, exit code 1 when it does not run
#   eng/rabbitmq.sh remove DIR    stop it and delete everything it holds
#
# As root the node runs as the user rabbitmq (or nobody), and Debian's package is installed when it is missing.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/packages.sh
source "$METERING_ROOT/eng/packages.sh"

RABBITMQ_START_SECONDS=90
RABBITMQ_STOP_SECONDS=60
# One block of ports: +0 AMQP, +3 Erlang distribution, +4 epmd, +10…+19 the command line tool. They must not overlap.
RABBITMQ_PORT_BLOCK=20

# The scripts in /usr/sbin insist on root or the user rabbitmq; those of the library run as anybody.
rabbitmq_scripts() {
  local dir best=''
  for dir in /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin; do
    if [ -x "$dir/rabbitmq-server" ]; then best=$dir; fi
  done
  [ -n "$best" ] && printf '%s' "$best"
}

rabbitmq_programs() {
  if rabbitmq_scripts; then return; fi
  if can_install; then
    (install_packages rabbitmq-server) >&2
    if rabbitmq_scripts; then return; fi
  fi
  die "No RabbitMQ server was found in /usr/lib/rabbitmq. Install it (sudo apt-get install rabbitmq-server), or set METERING_RABBITMQ to the amqp:// address of a broker you have."
}

rabbitmq_user() { # DIR
  if ! is_root; then id -un; elif [ -e "$1/mnesia" ]; then stat -L -c %U "$1/mnesia"; else first_user rabbitmq nobody; fi
}

# rabbitmq_run DIR USER COMMAND…: with the environment that keeps the node to itself, and nothing of the caller's RABBITMQ_*.
rabbitmq_run() {
  local dir=$1 user=$2 port
  shift 2
  port=$(cat "$dir/port")
  run_as "$user" env -i PATH="$PATH" LANG=C.UTF-8 HOME="$dir/home" \
    RABBITMQ_CONF_ENV_FILE="$dir/env.conf" RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" \
    RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_LOG_BASE="$dir/log" RABBITMQ_PID_FILE="$dir/home/node.pid" \
    RABBITMQ_NODENAME=metering@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port" \
    RABBITMQ_DIST_PORT=$((port + 3)) RABBITMQ_CTL_DIST_PORT_MIN=$((port + 10)) RABBITMQ_CTL_DIST_PORT_MAX=$((port + 19)) \
    ERL_EPMD_PORT=$((port + 4)) ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP=/dev/null \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' "$@"
}

rabbitmq_configure() { # DIR USER
  local dir=$1 file
  mkdir -p "$dir/mnesia" "$dir/log" "$dir/home"
  chmod 700 "$dir/mnesia" "$dir/log" "$dir/home"
  [ -f "$dir/password" ] || random_secret | write_secret "$dir/password"
  # The cookie comes before the first start: server and command line tool would otherwise race to invent one.
  [ -f "$dir/home/.erlang.cookie" ] || random_secret | write_secret "$dir/home/.erlang.cookie"
  chmod 400 "$dir/home/.erlang.cookie"
  : >"$dir/env.conf"
  echo '[].' >"$dir/enabled_plugins"
  printf '%s\n' 'default_user = metering' "default_pass = $(cat "$dir/password")" 'loopback_users = none' \
    'disk_free_limit.absolute = 200MB' 'vm_memory_high_watermark.absolute = 1GB' | write_secret "$dir/rabbitmq.conf"
  if is_root; then
    for file in mnesia log home rabbitmq.conf enabled_plugins env.conf; do chown -R "$2:" "$dir/$file"; done
  fi
}

rabbitmq_start() { # DIR
  local scripts user dir port pid tick
  if running_pid "$(realpath -m "$1")/node" >/dev/null; then
    note "RabbitMQ already runs in $1 on port $(cat "$1/port")."
    return
  fi
  scripts=$(rabbitmq_programs)
  user=$(rabbitmq_user "$1")
  dir=$(prepare_dir "$1" "$user")
  port=$(cat "$dir/port" 2>/dev/null || true)
  if [ -z "$port" ] || port_busy "$port" || port_busy $((port + 3)); then free_port $RABBITMQ_PORT_BLOCK >"$dir/port"; fi
  rabbitmq_configure "$dir" "$user"
  rm -f "$dir/home/node.pid"
  rabbitmq_run "$dir" "$user" setsid "$scripts/rabbitmq-server" >"$dir/console.log" 2>&1 </dev/null &
  for ((tick = 0; tick < RABBITMQ_START_SECONDS * 5; tick++)); do
    if [ -s "$dir/home/node.pid" ] || ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.2
  done
  pid=$(cat "$dir/home/node.pid" 2>/dev/null || true)
  if [ -n "$pid" ]; then
    remember_process "$dir/node" "$pid"
    if rabbitmq_run "$dir" "$user" "$scripts/rabbitmqctl" -q wait --timeout $RABBITMQ_START_SECONDS "$dir/home/node.pid" \
      >"$dir/wait.log" 2>&1; then return; fi
  fi
  tail -n 20 "$dir/console.log" >&2 || true
  rabbitmq_end "$dir" 10 TERM
  die "RabbitMQ did not start in $1 within $RABBITMQ_START_SECONDS s. Its logs: $dir/console.log and $dir/log"
}

# rabbitmq_end DIR SECONDS SIGNAL: ends the node and then its epmd, which outlives every node by design.
rabbitmq_end() {
  local user
  [ -e "$1/port" ] || return 0
  stop_process "$1/node" "$2" "$3"
  user=$(rabbitmq_user "$1")
  rabbitmq_run "$1" "$user" epmd -port $(($(cat "$1/port") + 4)) -kill >/dev/null 2>&1 || true
}

rabbitmq_url() { # DIR
  [ -r "$1/password" ] || die "There is no RabbitMQ node in $1 that this user may use; start one with: eng/rabbitmq.sh start $1"
  printf 'amqp://metering:%s@127.0.0.1:%s/' "$(cat "$1/password")" "$(cat "$1/port")"
}

rabbitmq_main() {
  case ${1:-} in
    start | stop | kill | url | pid | remove) [ $# -eq 2 ] || die "eng/rabbitmq.sh $1 needs the folder of the node, and nothing else." ;;
    *)
      sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
  local dir
  dir=$(realpath -m "$2")
  case $1 in
    start) rabbitmq_start "$2" ;;
    stop) rabbitmq_end "$dir" $RABBITMQ_STOP_SECONDS TERM ;;
    kill) rabbitmq_end "$dir" 10 KILL ;;
    url) rabbitmq_url "$dir" && echo ;;
    pid) running_pid "$dir/node" && echo ;;
    remove)
      rabbitmq_end "$dir" $RABBITMQ_STOP_SECONDS TERM
      remove_dir "$2"
      ;;
  esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then rabbitmq_main "$@"; fi
