#!/usr/bin/env bash
# A private PostgreSQL cluster in a folder of its own. As root the server runs as the user postgres (or nobody).
#
#   eng/postgres.sh start DIR [--durable|--fast] [--port N]   make the cluster if there is none, and start it on 127.0.0.1
#   eng/postgres.sh stop DIR | remove DIR                     stop it | stop it and delete everything it holds
#   eng/postgres.sh status DIR | pid DIR                      exit code 0 when it runs | the server's process id
#   eng/postgres.sh url DIR | admin-url DIR                   Npgsql connection string for the owner | the superuser
#   eng/postgres.sh programs                                  the folder of the server's programs, pg_dump among them
#
# --fast gives up durability for speed (fsync off): for tests only. The choice and the port are read at each start.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/packages.sh
source "$METERING_ROOT/eng/packages.sh"
# shellcheck source=eng/postgres-programs.sh
source "$METERING_ROOT/eng/postgres-programs.sh"

POSTGRES_START_SECONDS=60
POSTGRES_STOP_SECONDS=60
# The kernel allows 107 bytes for the path of a Unix socket; the file in the folder is named .s.PGSQL.<port>.
POSTGRES_SOCKET_DIR_BYTES=90

# Where NAME of the cluster in DIR is kept, whether DIR is a folder or a link to one. Works before either exists.
postgres_real() { realpath -m "$1"; }

# postgres_pid DIR: the server's process id, only if it is alive and is this cluster's.
postgres_pid() {
  local cluster pid
  cluster=$(postgres_real "$1")/cluster
  { read -r pid <"$cluster/postmaster.pid"; } 2>/dev/null || return 1
  process_start "$pid" >/dev/null || return 1
  [ "$(readlink "/proc/$pid/cwd")" = "$cluster" ] || return 1
  printf '%s' "$pid"
}

# postgres_processes DIR: every live process that works in the cluster; each one of PostgreSQL's has it as its folder.
postgres_processes() {
  local cluster entry folder
  cluster=$(postgres_real "$1")/cluster
  while IFS=$'\t' read -r entry folder; do
    entry=${entry#/proc/}
    if [ "$folder" = "$cluster" ] && process_start "${entry%/cwd}" >/dev/null; then printf '%s\n' "${entry%/cwd}"; fi
  done < <(find /proc/[0-9]*/cwd -maxdepth 0 -printf '%p\t%l\n' 2>/dev/null)
}

postgres_url() { postgres_connection "$1" metering metering owner-password; }
postgres_admin_url() { postgres_connection "$1" postgres metering_admin admin-password; }

postgres_connection() { # DIR DATABASE USER PASSWORD-FILE
  local dir
  dir=$(postgres_real "$1")
  if ! [ -r "$dir/port" ] || ! [ -r "$dir/$4" ]; then
    die "There is no cluster in $1 that this user may use; start one with: eng/postgres.sh start $1"
  fi
  printf 'Host=127.0.0.1;Port=%s;Database=%s;Username=%s;Password=%s' "$(cat "$dir/port")" "$2" "$3" "$(cat "$dir/$4")"
}

# Makes the cluster under another name and renames it when it is whole, so a crash here leaves nothing that looks usable.
postgres_create() { # DIR USER PROGRAMS MODE
  local dir=$1 user=$2 programs=$3 new=$1/cluster.new locale=C sync=()
  if [ "$4" = fast ]; then sync=(--no-sync); fi
  if locale -a 2>/dev/null | grep -qix 'c.utf-\?8'; then locale=C.UTF-8; fi
  rm -rf "$new"
  mkdir -m 700 "$new"
  random_secret | write_secret "$dir/admin-password"
  random_secret | write_secret "$dir/owner-password"
  cp -p "$dir/admin-password" "$dir/admin-password.initdb"
  if is_root; then chown "$user:" "$new" "$dir/admin-password.initdb"; fi
  # The roles are made in single-user mode, because some packages of the server come without psql. One statement a line.
  if ! {
    run_as "$user" "$programs/initdb" -D "$new" -U metering_admin --pwfile="$dir/admin-password.initdb" \
      -A scram-sha-256 -E UTF8 --locale="$locale" "${sync[@]}" \
      && postgres_roles "$dir" | run_as "$user" "$programs/postgres" --single -c exit_on_error=on -D "$new" postgres
  } >"$dir/create.log" 2>&1; then
    rm -f "$dir/admin-password.initdb"
    tail -n 20 "$dir/create.log" >&2
    die "PostgreSQL could not make a cluster in $dir. The whole log: $dir/create.log"
  fi
  rm -f "$dir/admin-password.initdb"
  echo "include_if_exists = 'metering.conf'" >>"$new/postgresql.conf"
  mv "$new" "$dir/cluster"
}

# The role that owns the database is no superuser: the product runs with what a hosted PostgreSQL would grant it.
postgres_roles() { # DIR
  printf "create role metering login password '%s'\n" "$(cat "$1/owner-password")"
  printf 'create database metering owner metering\n'
}

postgres_check() { # DIR
  local part
  for part in PG_VERSION global/pg_control postgresql.conf; do
    [ -e "$1/cluster/$part" ] || die "$1/cluster is not a whole PostgreSQL cluster: $part is missing. Nothing was changed. If it holds nothing you need, remove it with: eng/postgres.sh remove $1 — otherwise put a backup in its place."
  done
  if ! [ -r "$1/owner-password" ] || ! [ -r "$1/admin-password" ]; then
    die "$1 lacks owner-password or admin-password, or they belong to another user. Start it as the user who made it, or put them back from a backup."
  fi
}

# After a kill -9 of the server its children may still work on a statement, and until they have ended PostgreSQL refuses
# to start. SIGQUIT is what the server itself would have sent them after a crash; the next start recovers.
postgres_clear_leftovers() { # DIR
  local tick signal=QUIT left=()
  for ((tick = 0; tick < 100; tick++)); do
    mapfile -t left < <(postgres_processes "$1")
    if [ ${#left[@]} -eq 0 ]; then
      rm -f "$1/cluster/postmaster.pid"
      return
    fi
    if [ $tick -eq 50 ]; then signal=KILL; fi
    kill -$signal "${left[@]}" 2>/dev/null || true
    sleep 0.1
  done
  die "Processes of a killed PostgreSQL server still work in $1: ${left[*]}. End them and try again."
}

postgres_choose_port() { # DIR WANTED
  local port=$2
  if [ -n "$port" ]; then
    if port_busy "$port"; then die "Port $port on 127.0.0.1 is taken by another program. Stop that program, or choose another port with --port, or leave --port out to get a free one."; fi
  else
    port=$(cat "$1/port" 2>/dev/null || true)
    if [ -n "$port" ] && port_busy "$port"; then
      note "Port $port, which PostgreSQL in $1 used before, is taken by another program; another one is used."
      port=''
    fi
    if [ -z "$port" ]; then port=$(free_port 1); fi
  fi
  printf '%s\n' "$port" >"$1/port"
}

postgres_socket_dir() { # DIR USER
  local socket=$1/socket
  if [ ${#socket} -gt $POSTGRES_SOCKET_DIR_BYTES ]; then
    socket=$(cat "$1/socket-dir" 2>/dev/null || true)
    if [ ! -d "$socket" ]; then socket=$(mktemp -d /tmp/metering-postgres.XXXXXX); fi
    printf '%s\n' "$socket" >"$1/socket-dir"
  fi
  mkdir -p "$socket"
  chmod 700 "$socket"
  # Left by a killed server, and binding while its process id is not reaped yet. Nobody else's sockets are in this folder.
  rm -f "$socket"/.s.PGSQL.*
  if is_root; then chown "$2:" "$socket"; fi
  printf '%s' "$socket"
}

postgres_configure() { # DIR MODE SOCKET
  printf '%s\n' "# Written at each start by eng/postgres.sh; settings of your own belong in postgresql.auto.conf (alter system)." \
    "listen_addresses = '127.0.0.1'" "port = $(cat "$1/port")" "unix_socket_directories = '${3//\'/\'\'}'" \
    "max_connections = 200" "timezone = 'UTC'" "log_timezone = 'UTC'" "log_line_prefix = '%m [%p] '"
  if [ "$2" = fast ]; then printf '%s = off\n' fsync synchronous_commit full_page_writes; fi
}

postgres_start() {
  local dir='' mode=durable wanted_port='' user programs real socket
  while [ $# -gt 0 ]; do
    case $1 in
      --durable | --fast) mode=${1#--} ;;
      --port)
        wanted_port=${2:-}
        check_port --port "$wanted_port"
        shift
        ;;
      -*) die "eng/postgres.sh start does not know $1." ;;
      *) dir=$1 ;;
    esac
    shift
  done
  [ -n "$dir" ] || die "eng/postgres.sh start needs the folder of the cluster."
  if postgres_pid "$dir" >/dev/null; then
    note "PostgreSQL already runs in $dir on port $(cat "$dir/port")."
    return
  fi
  # Programs first: installing Debian's package is what creates the user postgres.
  programs=$(postgres_programs "$(cat "$dir/cluster/PG_VERSION" 2>/dev/null || true)")
  user=$(postgres_user "$dir")
  real=$(prepare_dir "$dir" "$user")
  (
    flock -w 120 9 || die "Another start or stop of the cluster in $dir has not finished after 120 s."
    if [ ! -e "$real/cluster" ]; then postgres_create "$real" "$user" "$programs" "$mode"; fi
    postgres_check "$real"
    postgres_clear_leftovers "$real"
    postgres_choose_port "$real" "$wanted_port"
    socket=$(postgres_socket_dir "$real" "$user")
    mkdir -p "$real/log"
    postgres_configure "$real" "$mode" "$socket" >"$real/cluster/metering.conf"
    if is_root; then chown "$user:" "$real/log" "$real/cluster/metering.conf" "$real/cluster"; fi
    if ! run_as "$user" setsid "$programs/pg_ctl" -D "$real/cluster" -s -w -t $POSTGRES_START_SECONDS \
      -l "$real/log/postgres.log" start </dev/null >"$real/start.log" 2>&1 9>&-; then
      tail -n 20 "$real/start.log" "$real/log/postgres.log" >&2 || true
      die "PostgreSQL did not start in $dir within $POSTGRES_START_SECONDS s. The whole log: $real/log/postgres.log"
    fi
  ) 9>"$real/lock"
}

# The user the server runs as: whoever owns the cluster, so that a later install of another user changes nothing.
postgres_user() { # DIR
  if ! is_root; then id -un; elif [ -e "$1/cluster" ]; then stat -L -c %U "$1/cluster"; else first_user postgres nobody; fi
}

# SIGINT is PostgreSQL's fast shutdown; if that takes too long SIGQUIT ends it at once and the next start recovers.
postgres_stop() { # DIR
  local pid tick signal
  for signal in INT QUIT; do
    if ! pid=$(postgres_pid "$1"); then return; fi
    kill -$signal "$pid" || die "PostgreSQL (pid $pid) runs as another user; stop it as that user."
    for ((tick = 0; tick < POSTGRES_STOP_SECONDS * 10; tick++)); do
      if ! postgres_pid "$1" >/dev/null; then return; fi
      sleep 0.1
    done
  done
  die "PostgreSQL (pid $pid) did not stop. See $1/log/postgres.log."
}

postgres_remove() { # DIR
  local socket
  postgres_stop "$1"
  socket=$(cat "$1/socket-dir" 2>/dev/null || true)
  case $socket in /tmp/metering-postgres.*) rm -rf -- "$socket" ;; esac
  remove_dir "$1"
}

postgres_main() {
  local command=${1:-}
  if [ $# -gt 0 ]; then shift; fi
  case $command in
    start) postgres_start "$@" ;;
    programs) postgres_programs && echo ;;
    stop | remove | pid | url | status | admin-url)
      [ $# -eq 1 ] || die "eng/postgres.sh $command needs the folder of the cluster, and nothing else."
      case $command in
        stop) postgres_stop "$1" ;;
        remove) postgres_remove "$1" ;;
        pid) postgres_pid "$1" && echo ;;
        url) postgres_url "$1" && echo ;;
        admin-url) postgres_admin_url "$1" && echo ;;
        status)
          if postgres_pid "$1" >/dev/null; then
            say "PostgreSQL runs in $1 on port $(cat "$1/port"), pid $(postgres_pid "$1")."
          else
            say "No PostgreSQL runs in $1."
            return 1
          fi
          ;;
      esac
      ;;
    *)
      sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then postgres_main "$@"; fi
