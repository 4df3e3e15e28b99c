# shellcheck shell=bash
# What every check begins with: the folder, the addresses, everything running; and how each ends. Sourced by the checks.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
./up
# shellcheck source=scripts/ports.sh
. ./ports.sh
# shellcheck source=scripts/processes.sh
. ./processes.sh
# shellcheck source=scripts/services.sh
. ./services.sh

check_name=${WEIR_CHECK_NAME:-${0##*/}}
WEIR_CHECK=$WEIR_STATE/check
mkdir -p "$WEIR_CHECK"
demo_pid=
demo_status=0
demo_report=$WEIR_CHECK/$check_name.json
# The figures of the verdict, one a line; figures.py adds to it too.
export WEIR_CHECK_FIGURES=$WEIR_CHECK/$check_name.figures
: >"$WEIR_CHECK_FIGURES"
# No compiled Python beside the scripts.
export PYTHONDONTWRITEBYTECODE=1

now_ms() { date +%s%3N; }
# A moment of `now_ms` as `weir replay --from` takes it.
rfc3339() { date -u -d "@$(($1 / 1000))" +%FT%TZ; }
# Milliseconds as seconds with one digit behind the point.
as_seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

# A check that is stopped takes its own demo along, and nothing else.
stop_demo() {
  if [ -n "$demo_pid" ]; then kill "$demo_pid" 2>/dev/null || true; fi
}

# start_demo ORDERS RATE WORD...: runs `weir demo` beside the check, and returns when its load has begun.
start_demo() {
  demo_log=$WEIR_CHECK/$check_name.demo.log
  demo_seconds=$(($1 / $2))
  local words=(--orders "$1" --rate "$2" --json "$demo_report" "${@:3}")
  rm -f "$demo_report"
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
finish_demo() {
  say "waiting for the demo's end"
  demo_status=0
  wait "$demo_pid" || demo_status=$?
  demo_pid=
  cat "$demo_log"
}

# figure TEXT: one more figure of the verdict.
figure() { printf '%s\n' "$1" >>"$WEIR_CHECK_FIGURES"; }

# verdict STATUS: the last line of a check, with its figures and those of its demo, and its end. It fails where STATUS is
# not 0, or the demo or its `weir verify` failed.
verdict() {
  local status=$1 figures
  if [ "$demo_status" -ne 0 ]; then
    say "FAULT: the demo ended with $demo_status"
    status=1
  fi
  figure "$(python3 check.d/figures.py "$demo_report")"
  figures=$(paste -s -d ';' "$WEIR_CHECK_FIGURES")
  printf 'verdict: %s: %s%s\n' "$check_name" "$([ "$status" -eq 0 ] || echo 'FAILED: ')" "${figures//;/; }"
  exit "$status"
}
