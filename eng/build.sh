# shellcheck shell=bash
# Building, and knowing when there is no need to. Sourced after common.sh.

BUILD_CONFIGURATION=Release

need_dotnet() {
  if command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then return; fi
  die "The .NET 10 SDK is needed to build Metering and was not found. On Debian and Ubuntu, once the package feed described at https://dotnet.microsoft.com/download is set up: sudo apt-get install dotnet-sdk-10.0"
}

# output_of PROJECT-FOLDER ASSEMBLY: where the build puts a program.
output_of() { printf '%s/%s/bin/%s/net10.0/%s.dll' "$METERING_ROOT" "$1" "$BUILD_CONFIGURATION" "$2"; }

build_inputs() {
  find "$METERING_ROOT/src" "$METERING_ROOT/samples" "$METERING_ROOT/schemas" "$METERING_ROOT"/Directory.*.props "$METERING_ROOT/BannedSymbols.txt" \
    \( -name bin -o -name obj -o -name node_modules \) -prune -o -type f "$@" -print 2>/dev/null || true
}

# build_if_changed PROJECT…: the stamp holds the list of the files and, as its own time, when the last good build began. A
# file that is newer, new or gone means a build; `dotnet build` alone would take ten seconds to find that nothing changed.
build_if_changed() {
  local project stamp list log changed
  list=$(build_inputs | sort | cksum)
  for project in "$@"; do
    stamp=$METERING_ROOT/$project/obj/metering-$BUILD_CONFIGURATION.stamp
    if [ "$(cat "$stamp" 2>/dev/null)" = "$list" ]; then
      changed=$(build_inputs -newer "$stamp")
      if [ -z "$changed" ]; then continue; fi
    fi
    need_dotnet
    note "Building $project…"
    mkdir -p "$(dirname "$stamp")"
    printf '%s\n' "$list" >"$stamp.new"
    log=$(mktemp)
    # The compiler's server outlives the build for minutes, and must not hold the lock of whoever builds.
    if ! dotnet build "$METERING_ROOT/$project" -c "$BUILD_CONFIGURATION" -v q -nologo >"$log" 2>&1 9>&-; then
      tail -n 40 "$log" >&2
      rm -f "$stamp.new" "$log"
      die "The build of $project failed; the errors are above."
    fi
    rm -f "$log"
    mv "$stamp.new" "$stamp"
  done
}
