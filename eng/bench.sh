#!/usr/bin/env bash
# `./metering bench [NAME…]`: builds and runs the programs in bench/, one after the other, so that they do not disturb each other.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"

shopt -s nullglob
projects=("$METERING_ROOT"/bench/*/*.csproj)
[ ${#projects[@]} -gt 0 ] || die "There is nothing to run: bench/ holds no project."
need_dotnet
ran=0
for project in "${projects[@]}"; do
  name=$(basename "$(dirname "$project")")
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  note "Running bench/$name…"
  dotnet run --project "$project" -c "$BUILD_CONFIGURATION"
  ran=$((ran + 1))
done
[ $ran -gt 0 ] || die "No benchmark is named $*. There are: $(for project in "${projects[@]}"; do basename "$(dirname "$project")"; done | tr '\n' ' ')"
