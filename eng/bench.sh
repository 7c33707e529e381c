#!/usr/bin/env bash
# `./metering bench [NAME…] [-- ARGUMENT…]`: builds and runs the programs in bench/, one after the other, so that they do not disturb
# each other. A name is that of a folder, or what stands before its dot: `rating` is Rating.Bench. Arguments go to the programs.
set -euo pipefail
# shellcheck source=eng/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=eng/build.sh
source "$METERING_ROOT/eng/build.sh"

shopt -s nullglob
projects=("$METERING_ROOT"/bench/*/*.csproj)
[ ${#projects[@]} -gt 0 ] || die "There is nothing to run: bench/ holds no project."
need_dotnet
names=' '
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  names+="${1,,} "
  shift
done
if [ $# -gt 0 ]; then shift; fi
ran=0
for project in "${projects[@]}"; do
  name=$(basename "$(dirname "$project")")
  lower=${name,,}
  if [ "$names" != ' ' ] && [[ "$names" != *" $lower "* ]] && [[ "$names" != *" ${lower%.bench} "* ]]; then continue; fi
  note "Running bench/$name…"
  dotnet run --project "$project" -c "$BUILD_CONFIGURATION" -- "$@"
  ran=$((ran + 1))
done
[ $ran -gt 0 ] || die "No benchmark is named${names% }. There are: $(for project in "${projects[@]}"; do basename "$(dirname "$project")"; done | tr '\n' ' ')"
