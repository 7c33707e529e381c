#!/usr/bin/env bash
# Mutation testing of the rating core: which changed operators, constants and statements does no test notice?
#   eng/mutate.sh            all of them; writes docs/reference/rating-mutants.md
#   eng/mutate.sh Tiers      those in files whose path contains "Tiers"
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build eng/Mutate -c Release -v q --nologo
exec eng/Mutate/bin/Release/net10.0/Metering.Mutate "$PWD" "$@"
