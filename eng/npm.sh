#!/usr/bin/env bash
# `eng/npm.sh FOLDER [NODE-MAJOR]`: installs what FOLDER/package-lock.json names unless that is done already, and prints the Node to
# run it with: the machine's own where that is at least NODE-MAJOR (22), otherwise the one that the folder's optional packages bring.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

INSTALL_SECONDS=300

folder=$(realpath "$1")
major=${2:-22}

# The checksum of what was asked for is kept beside what was installed, so that a change of either is seen.
wanted() {
  cat "$folder/package.json" "$folder/package-lock.json" | sha256sum | cut -d ' ' -f 1
  if machine_node >/dev/null; then say "with the machine's own Node"; fi
}

machine_node() {
  command -v node >/dev/null || return 1
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$major" ] && command -v node
}

bundled_node() {
  local node
  for node in "$folder"/node_modules/node-linux-*/bin/node; do
    if [ -x "$node" ] && "$node" --version >/dev/null 2>&1; then
      printf '%s' "$node"
      return
    fi
  done
  return 1
}

install() {
  local log options=(--ignore-scripts --no-audit --no-fund --loglevel=error)
  command -v npm >/dev/null || die "npm is needed for $folder. Install it with: sudo apt-get install nodejs npm"
  if machine_node >/dev/null; then options+=(--omit=optional); fi
  note "Installing the npm packages of ${folder#"$METERING_ROOT"/}…"
  log=$(mktemp)
  # The optional packages ask for a newer Node than npm itself runs on; that is why they are there.
  if ! (cd "$folder" && timeout "$INSTALL_SECONDS" npm ci "${options[@]}") >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "npm could not install the packages of $folder; its last words are above."
  fi
  rm -f "$log"
  wanted >"$folder/node_modules/.metering-installed"
}

# One at a time: two test runs of one checkout must not install into the same folder.
mkdir -p "$folder/obj"
exec 9>"$folder/obj/npm.lock"
flock 9
if [ "$(cat "$folder/node_modules/.metering-installed" 2>/dev/null)" != "$(wanted)" ]; then install; fi
machine_node || bundled_node || die "Node $major or newer is needed for $folder, and neither this machine nor its packages have one."
