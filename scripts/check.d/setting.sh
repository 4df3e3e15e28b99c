# shellcheck shell=bash
# What every check begins with: the folder, the addresses, everything running. Sourced by the checks.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
./up
# shellcheck source=scripts/ports.sh
. ./ports.sh
# shellcheck source=scripts/processes.sh
. ./processes.sh
# shellcheck source=scripts/services.sh
. ./services.sh

WEIR_CHECK=$WEIR_STATE/check
mkdir -p "$WEIR_CHECK"
demo_pid=
demo_status=0

now_ms() { date +%s%3N; }
# A moment of `now_ms` as `weir replay --from` takes it.
rfc3339() { date -u -d "@$(($1 / 1000))" +%FT%TZ; }

# A check that is stopped takes its own demo along, and nothing else.
stop_demo() {
  if [ -n "$demo_pid" ]; then kill "$demo_pid" 2>/dev/null || true; fi
}

# start_demo NAME ORDERS RATE WORD...: runs `weir demo` beside the check, and returns when its load has begun.
start_demo() {
  demo_log=$WEIR_CHECK/$1.demo.log
  demo_seconds=$(($2 / $3))
  local words=(--orders "$2" --rate "$3" "${@:4}")
  ./weir demo "${words[@]}" >"$demo_log" 2>&1 &
  demo_pid=$!
  trap stop_demo EXIT
  say "weir demo ${words[*]}: its output is in $demo_log"
  wait_until 180 load_has_begun || { tail -n 20 "$demo_log" >&2; die "the demo sends nothing after 180 s"; }
  demo_began_ms=$(now_ms)
}

load_has_begun() {
  kill -0 "$demo_pid" 2>/dev/null || { cat "$demo_log" >&2; die "the demo ended before its load"; }
  grep -q '^run .* orders at ' "$demo_log"
}

# How long the load still lasts, in whole seconds.
load_left() { echo $((demo_seconds - ($(now_ms) - demo_began_ms) / 1000)); }

# Waits for the demo, shows its report, and takes its exit code as `demo_status`.
# shellcheck disable=SC2034
finish_demo() {
  say "waiting for the demo's end"
  demo_status=0
  wait "$demo_pid" || demo_status=$?
  demo_pid=
  cat "$demo_log"
}
