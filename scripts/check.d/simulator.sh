# shellcheck shell=bash
# The simulator's binary, built if need be; it needs no server and starts none. Sourced by the checks that run it.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=scripts/ports.sh
. ./ports.sh
# shellcheck source=scripts/processes.sh
. ./processes.sh
# shellcheck source=scripts/services.sh
. ./services.sh

# shellcheck disable=SC2034 # For who sources this.
# Fresh seeds each time, and told: a break is replayed by its seed.
first_seed=${WEIR_SIM_FROM:-$(($(date +%s) * 1000))}
# shellcheck disable=SC2034
jobs=${WEIR_SIM_JOBS:-$(nproc)}

if [ -z "${WEIR_BIN:-}" ]; then
  (cd .. && cargo build --quiet --package weir-sim --bin weir-sim --profile "$WEIR_PROFILE" ${features:+--features "$features"})
fi
simulator=$(bin_folder)/weir-sim
[ -x "$simulator" ] || die "$simulator is not built"
