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

simulator=$(bin_folder)/weir-sim
if [ -z "${WEIR_BIN:-}" ]; then
  # Its own profile: optimised as a whole, for it decides and folds for minutes.
  profile=$WEIR_PROFILE
  if [ "$profile" = release ]; then
    profile=sim
    simulator=${CARGO_TARGET_DIR:-$WEIR_ROOT/target}/sim/weir-sim
  fi
  (cd .. && cargo build --quiet --package weir-sim --bin weir-sim --profile "$profile" ${features:+--features "$features"})
fi
# A seed takes and frees a few hundred MB; what is given back to the kernel between seeds has to be cleared by it for the next.
export MIMALLOC_PURGE_DELAY=${MIMALLOC_PURGE_DELAY:--1}
[ -x "$simulator" ] || die "$simulator is not built"
