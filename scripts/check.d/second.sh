# shellcheck shell=bash
# A second process of a service beside the one that scripts/up started: its own seat, its own port. Sourced by the checks.

# second_start NAME: starts it as NAME-1 and waits until it is ready, so that partitions have moved to it.
second_start() {
  local name=$1 port=$((20000 + RANDOM % 12000)) binary
  while port_is_taken "$port"; do port=$((20000 + RANDOM % 12000)); done
  load_tenant_key
  binary=$(bin_folder)/weir-$name
  process_start "$name-1" env --chdir="$WEIR_ROOT" WEIR_INSTANCE="$name-1" WEIR_LISTEN="127.0.0.1:$port" \
    WEIR_JOURNAL="$(journal_folder "$name-1")" \
    WEIR_ALLOW_LOOPBACK_TARGETS="${WEIR_ALLOW_LOOPBACK_TARGETS:-true}" "$binary"
  wait_ready "$name-1" "${WEIR_READY_SECONDS:-60}" second_ready "$port"
}

# Called by wait_ready.
# shellcheck disable=SC2317
second_ready() { [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "http://127.0.0.1:$1/ready")" = 200 ]; }

second_stop() { process_stop "$1-1" TERM 40; }
second_kill() { process_stop "$1-1" KILL 10; }

# Whatever becomes of a check, its second processes end with it. Called by a trap.
# shellcheck disable=SC2317
stop_seconds() {
  local name
  for name in "${WEIR_SERVICES[@]}"; do second_stop "$name"; done
  stop_demo
}
