# shellcheck shell=bash
# What every script here shares: messages, ports, users and processes. Sourced, never run. Linux only: it reads /proc.

# shellcheck disable=SC2034 # Used by the scripts that source this one.
METERING_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
umask 022

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
die() {
  printf 'metering: %s\n' "$*" >&2
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# The first of the named users that this machine has.
first_user() {
  local user
  for user in "$@"; do
    if id -u "$user" >/dev/null 2>&1; then
      printf '%s' "$user"
      return
    fi
  done
  die "None of the users $* exists on this machine, and a server must not run as root. Create one, or run this as a normal user."
}

# become USER COMMAND…: turns this subshell into COMMAND. As root it runs as USER with nothing of root's. In the background
# (`become … &`) the process id that bash reports is then the command's own.
become() {
  local user=$1
  shift
  if is_root; then
    cd /
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --inh-caps=-all -- "$@"
  fi
  exec "$@"
}

run_as() { (become "$@"); }

# prepare_dir DIR USER: makes DIR so that USER can reach it and prints its real path. A server that may not run as root
# cannot work below a private folder such as /root; the folder then lives under /var/lib/metering and DIR is a link to it.
prepare_dir() {
  local dir=$1 user=$2 real
  mkdir -p "$(dirname "$dir")"
  if [ ! -e "$dir" ]; then
    rm -f "$dir"
    if run_as "$user" test -x "$(realpath "$(dirname "$dir")")"; then
      mkdir "$dir"
    else
      mkdir -p /var/lib/metering
      real=$(mktemp -d "/var/lib/metering/$(basename "$dir").XXXXXX")
      chmod 755 "$real"
      ln -s "$real" "$dir"
      note "The user $user cannot reach $(dirname "$dir"), so its files are kept in $real and $dir is a link to them."
    fi
  fi
  real=$(realpath "$dir")
  run_as "$user" test -x "$real" \
    || die "The user $user cannot reach $real: a folder above it is private. Choose another folder with METERING_DATA (or --data), or open it with chmod o+x."
  printf '%s' "$real"
}

# remove_dir DIR: removes what prepare_dir made, the folder behind the link included.
remove_dir() {
  local dir=$1 real
  if [ -L "$dir" ]; then
    real=$(realpath "$dir")
    case $real in /var/lib/metering/?*) rm -rf -- "$real" ;; esac
  fi
  rm -rf -- "$dir"
}

random_secret() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# write_secret FILE: keeps standard input in FILE, readable by its owner only from the first byte.
write_secret() {
  (
    umask 077
    cat >"$1.new"
  )
  mv -f "$1.new" "$1"
}

port_busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port [COUNT]: a port below the ephemeral range from which COUNT ports in a row are free.
free_port() {
  local count=${1:-1} attempt port offset
  for attempt in {1..200}; do
    port=$((20000 + (RANDOM * 32768 + RANDOM + attempt) % 12000))
    for ((offset = 0; offset < count; offset++)); do
      if port_busy $((port + offset)); then continue 2; fi
    done
    printf '%s' "$port"
    return
  done
  die "No free port was found on 127.0.0.1 in 200 attempts."
}

check_port() {
  if ! [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || (($2 > 65535)); then die "$1 must be a port from 1 to 65535, not '$2'."; fi
}

# process_start PID: when the process began, in clock ticks since boot. Fails when it is gone or only waits to be reaped.
process_start() {
  local stat fields
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [ "${fields[0]}" != Z ] || return 1
  printf '%s' "${fields[19]}"
}

# A process is remembered by pid and start time, so that a pid given to somebody else after a crash is never killed.
remember_process() {
  process_start "$2" >"$1.start" || true
  printf '%s\n' "$2" >"$1.pid"
}

# running_pid NAME: prints the pid remembered in NAME.pid if that very process still runs.
running_pid() {
  local pid start
  { read -r pid <"$1.pid"; } 2>/dev/null || return 1
  start=$(process_start "$pid") || return 1
  [ "$start" = "$(cat "$1.start" 2>/dev/null)" ] || return 1
  printf '%s' "$pid"
}

# stop_process NAME SECONDS [SIGNAL]: asks politely, waits no longer than SECONDS, then insists.
stop_process() {
  local pid tick
  if pid=$(running_pid "$1"); then
    kill -"${3:-TERM}" "$pid" 2>/dev/null || true
    for ((tick = 0; tick < $2 * 10; tick++)); do
      running_pid "$1" >/dev/null || break
      sleep 0.1
    done
    if running_pid "$1" >/dev/null; then
      note "$(basename "$1") (pid $pid) did not stop within $2 s and is killed."
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$1.pid" "$1.start"
}

# http_ready PORT PATH: whether a GET on loopback answers 200. Needs no curl.
http_ready() {
  local status
  # shellcheck disable=SC2016 # The inner shell expands these.
  status=$(timeout 5 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" "$2" >&3
    read -r _ status _ <&3 && printf "%s" "$status"' _ "$1" "$2" 2>/dev/null) || return 1
  [ "$status" = 200 ]
}

# wait_ready NAME LABEL PORT PATH SECONDS LOG: until the process answers, or says in its log why it will not.
wait_ready() {
  local tick
  for ((tick = 0; tick < $5 * 5; tick++)); do
    if http_ready "$3" "$4"; then return; fi
    if ! running_pid "$1" >/dev/null; then
      note "$2 stopped while starting. The end of its log:"
      tail -n 20 "$6" >&2 || true
      note "The whole log: $6"
      return 1
    fi
    sleep 0.2
  done
  note "$2 did not answer http://127.0.0.1:$3$4 within $5 s. The end of its log:"
  tail -n 20 "$6" >&2 || true
  note "The whole log: $6"
  return 1
}
