#!/usr/bin/env bash
# `./metering test [WORD…]`: builds, starts a fast PostgreSQL and a RabbitMQ of its own, runs every test project, counts.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/packages.sh
source "$METERING_ROOT/eng/packages.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"

# A project that runs longer is ended and counted as failed.
PROJECT_SECONDS=${METERING_TEST_PROJECT_SECONDS:-1200}
# PostgreSQL and RabbitMQ are fetched by their own scripts when they are missing; as root all come in one go.
TEST_PACKAGES=(nodejs npm rabbitmq-server nginx libnginx-mod-http-js libnginx-mod-http-lua caddy haproxy lua5.1 python3
  weasyprint poppler-utils fonts-dejavu-core fonts-droid-fallback)

passed=0 failed=0 skipped=0 troubles=()

test_projects() {
  local project
  for project in "$METERING_ROOT"/tests/*/*.csproj; do
    # Testing is what the test projects share; it holds no test.
    if [ "$(basename "$project")" != Testing.csproj ]; then printf '%s\n' "$project"; fi
  done
}

project_name() { basename "$(dirname "$1")"; }

# A word that names a project picks it; any other word picks the tests whose full name contains it.
choose() { # WORD…
  local word project
  projects=() filters=()
  for word in "$@"; do
    while read -r project; do
      if [ "$(project_name "$project")" = "$word" ]; then
        projects+=("$project")
        continue 2
      fi
    done < <(test_projects)
    filters+=(-method "*$word*")
  done
  if [ ${#projects[@]} -eq 0 ]; then mapfile -t projects < <(test_projects); fi
}

build() {
  local log=$work/build.log
  need_dotnet
  note "Building…"
  if ! dotnet build "$METERING_ROOT/Metering.sln" -c $BUILD_CONFIGURATION -v q -nologo >"$log" 2>&1; then
    grep -E 'error|warning' "$log" | sort -u | head -n 40 >&2 || tail -n 40 "$log" >&2
    die "The build failed; the errors are above."
  fi
}

# What a test project has from npm is fetched before its time is counted.
install_npm_packages() {
  local project
  for project in "${projects[@]}"; do
    if [ -f "$(dirname "$project")/package-lock.json" ]; then "$METERING_ROOT/eng/npm.sh" "$(dirname "$project")" >/dev/null; fi
  done
}

start_servers() {
  "$METERING_ROOT/eng/postgres.sh" start "$work/postgres" --fast
  "$METERING_ROOT/eng/rabbitmq.sh" start "$work/rabbitmq"
  METERING_TEST_POSTGRES=$("$METERING_ROOT/eng/postgres.sh" admin-url "$work/postgres")
  METERING_TEST_RABBITMQ=$("$METERING_ROOT/eng/rabbitmq.sh" url "$work/rabbitmq")
  METERING_TEST_POSTGRES_DIR=$work/postgres
  METERING_TEST_RABBITMQ_DIR=$work/rabbitmq
  export METERING_TEST_POSTGRES METERING_TEST_RABBITMQ METERING_TEST_POSTGRES_DIR METERING_TEST_RABBITMQ_DIR
  # What a developer's shell has set for `up` must not reach a test.
  unset METERING_POSTGRES METERING_RABBITMQ METERING_PORT METERING_SIDECAR_PORT METERING_DATA METERING_ADMIN_KEY METERING_SIDECAR_KEY METERING_TEST_CLOCK
}

# Called by the trap, also after Ctrl-C and after a failure; keeps the exit code.
stop_servers() {
  local code=$?
  "$METERING_ROOT/eng/postgres.sh" remove "$work/postgres" || true
  "$METERING_ROOT/eng/rabbitmq.sh" remove "$work/rabbitmq" || true
  rm -rf -- "$work"
  exit $code
}

attribute() { grep -m1 -o '<assembly [^>]*>' "$1" | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]*' || echo 0; }

# In CI a skipped test is a hole, except where the material beside the repository is absent, as in everybody else's clone.
forbidden_skips() { # REPORT
  [ "${CI:-}" = true ] || return 0
  awk 'BEGIN { RS = "</reason>" } /<reason>/ { sub(/.*<reason>/, ""); if (!/\.\.\/shared/) n++ } END { print n + 0 }' "$1"
}

# Said again at the end, where a reader of a cut log still finds it.
failed_tests() { # REPORT
  grep -o '<test [^>]*result="Fail"' "$1" | sed 's/.* name="\([^"]*\)".*/\1/'
}

run_project() { # PROJECT
  local project=$1 name assembly report test code=0 total forbidden
  name=$(project_name "$project")
  assembly=$(dirname "$project")/bin/$BUILD_CONFIGURATION/net10.0/Metering.$(basename "$project" .csproj).dll
  report=$work/$name.xml
  note "── $name"
  (cd "$METERING_ROOT" && timeout --kill-after=30 "$PROJECT_SECONDS" dotnet "$assembly" -noLogo -noColor -xml "$report" "${filters[@]}") </dev/null || code=$?
  if [ ! -s "$report" ] || ! grep -q '<assembly ' "$report"; then
    if [ $code -eq 124 ] || [ $code -eq 137 ]; then
      troubles+=("$name was ended after $PROJECT_SECONDS s")
    else
      troubles+=("$name wrote no result (exit code $code)")
    fi
    failed=$((failed + 1))
    return
  fi
  total=$(attribute "$report" total)
  passed=$((passed + $(attribute "$report" passed)))
  failed=$((failed + $(attribute "$report" failed) + $(attribute "$report" errors)))
  while read -r test; do troubles+=("$name failed: $test"); done < <(failed_tests "$report")
  forbidden=$(forbidden_skips "$report")
  skipped=$((skipped + $(attribute "$report" skipped) - ${forbidden:-0}))
  if [ "${forbidden:-0}" -gt 0 ]; then
    failed=$((failed + forbidden))
    troubles+=("$name skipped $forbidden tests, which CI does not allow")
  fi
  if [ "$total" -eq 0 ] && [ ${#filters[@]} -eq 0 ]; then
    failed=$((failed + 1))
    troubles+=("$name holds no test")
  fi
  # The runner says 1 when a test failed; any other code, or 1 without a failed test, is a crash.
  if [ $code -ne 0 ] && [ "$(attribute "$report" failed)" -eq 0 ] && [ "$(attribute "$report" errors)" -eq 0 ]; then
    if [ "$total" -ne 0 ] || [ ${#filters[@]} -eq 0 ]; then
      failed=$((failed + 1))
      troubles+=("$name ended with exit code $code although no test failed")
    fi
  fi
}

summary() {
  local trouble
  for trouble in "${troubles[@]}"; do note "! $trouble"; done
  if [ $((passed + failed)) -eq 0 ]; then note "! no test ran"; fi
  if [ $skipped -gt 0 ]; then
    say "$passed passed, $failed failed, $skipped skipped"
  else
    say "$passed passed, $failed failed"
  fi
  [ $failed -eq 0 ] && [ $passed -gt 0 ]
}

choose "$@"
if is_root; then TEST_PACKAGES+=(postgresql); fi
need_packages "./metering test" "${TEST_PACKAGES[@]}"
work=$(mktemp -d /tmp/metering-test.XXXXXX)
chmod 755 "$work"
trap stop_servers EXIT
trap 'exit 130' INT TERM HUP
install_npm_packages
build
start_servers
for project in "${projects[@]}"; do run_project "$project"; done
# The count is the last thing said, so what stopping the servers has to say comes before it.
"$METERING_ROOT/eng/postgres.sh" stop "$work/postgres" || true
"$METERING_ROOT/eng/rabbitmq.sh" stop "$work/rabbitmq" || true
summary
