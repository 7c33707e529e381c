#!/usr/bin/env bash
# Mutation testing of the rating core: which changed operators and constants does no test notice?
#   eng/mutate.sh            all mutants
#   eng/mutate.sh 5          every fifth of them
#   eng/mutate.sh 1 Tiers    all in files whose path contains "Tiers"
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build eng/Mutate -c Release -v q --nologo
exec eng/Mutate/bin/Release/net10.0/Metering.Mutate "$PWD" "$@"
