# shellcheck shell=bash
# Debian packages: which are missing, and installing them without letting Debian start a service. Sourced after common.sh.

# present PACKAGE: whether what the package brings is here, by what it brings, so that other distributions do as well.
present() {
  case $1 in
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' || command -v postgres ;;
    rabbitmq-server) compgen -G '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server' ;;
    nginx) command -v nginx || [ -x /usr/sbin/nginx ] ;;
    libnginx-mod-http-js) nginx_js_module ;;
    libnginx-mod-http-lua) compgen -G '/usr/lib*/nginx/modules/ngx_http_lua_module.so' ;;
    haproxy) command -v haproxy || [ -x /usr/sbin/haproxy ] ;;
    caddy | lua5.1 | python3) command -v "$1" ;;
    nodejs) command -v node ;;
    npm) command -v npm ;;
    weasyprint) command -v weasyprint ;;
    poppler-utils) command -v pdftoppm ;;
    fonts-dejavu-core) font DejaVuSans.ttf ;;
    fonts-droid-fallback) font DroidSansFallbackFull.ttf ;;
    *) dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed ;;
  esac >/dev/null
}

font() { find /usr/share/fonts -name "$1" -print -quit 2>/dev/null | grep -q .; }

nginx_js_module() { compgen -G '/usr/lib*/nginx/modules/ngx_http_js_module.so' | head -n 1 | grep .; }

missing_packages() {
  local package
  for package in "$@"; do
    if ! present "$package"; then printf '%s\n' "$package"; fi
  done
}

can_install() { is_root && command -v apt-get >/dev/null; }

# Debian starts every server it installs and makes a PostgreSQL cluster of its own. What runs here runs privately, so both
# are refused while the packages are unpacked, and the administrator's own policy is put back afterwards.
install_packages() (
  policy=/usr/sbin/policy-rc.d
  no_cluster=/etc/postgresql-common/createcluster.d/metering.conf
  # shellcheck disable=SC2317 # The trap calls it.
  restore() {
    rm -f "$policy" "$no_cluster"
    if [ -e "$policy.before-metering" ]; then mv -f "$policy.before-metering" "$policy"; fi
  }
  trap restore EXIT
  if [ -e "$policy" ] && [ ! -e "$policy.before-metering" ]; then mv "$policy" "$policy.before-metering"; fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  mkdir -p "$(dirname "$no_cluster")"
  echo 'create_main_cluster = false' >"$no_cluster"

  note "Installing Debian packages: $*"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; } >"$log" 2>&1 </dev/null 9>&-; then
    tail -n 20 "$log" >&2
    die "apt-get could not install $*. The whole log: $log"
  fi
  rm -f "$log"
)

# need_packages WHAT PACKAGE…: installs what is missing as root; otherwise says exactly what to ask for.
need_packages() {
  local what=$1 missing
  shift
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  can_install || die "$what needs Debian packages that are not here: ${missing[*]}. Install them with: sudo apt-get install ${missing[*]}"
  install_packages "${missing[@]}"
}
