# shellcheck shell=bash
# Where everything listens and where its state lies: the one place of ports. Sourced, never run.
#
# The environment wins, then `ports.env` of the state folder (written by `scripts/servers up
# --free-ports`), then the defaults below. Two checkouts run side by side with other ports and their
# own state.

WEIR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export WEIR_ROOT
# Where rustup puts cargo; a shell that was open before it was installed does not look there.
export PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
WEIR_STATE=${WEIR_STATE:-.state}
if [[ $WEIR_STATE != /* ]]; then WEIR_STATE=$WEIR_ROOT/$WEIR_STATE; fi
export WEIR_STATE

# Names used by every script that sources this.
# shellcheck disable=SC2034
WEIR_SERVERS=(kafka postgres redis)
WEIR_SERVICES=(ingest routing inventory fulfillment notification console)

WEIR_PORT_DEFAULTS=(
  WEIR_KAFKA_PORT=19092
  WEIR_KAFKA_CONTROLLER_PORT=19093
  WEIR_POSTGRES_PORT=15432
  WEIR_REDIS_PORT=16379
  WEIR_INGEST_PORT=18080
  WEIR_ROUTING_PORT=18081
  WEIR_INVENTORY_PORT=18082
  WEIR_FULFILLMENT_PORT=18083
  WEIR_NOTIFICATION_PORT=18084
  WEIR_CONSOLE_PORT=18085
  WEIR_SMTP_PORT=18025
  WEIR_WEBHOOK_SINK_PORT=18026
)

# Sets each port that the environment leaves open, then the addresses made of them.
load_ports() {
  local line saved=$WEIR_STATE/ports.env
  local lines=()
  if [ -f "$saved" ]; then mapfile -t lines <"$saved"; fi
  for line in "${lines[@]}" "${WEIR_PORT_DEFAULTS[@]}"; do
    local name=${line%%=*}
    if [ -z "${!name:-}" ]; then export "$name=${line#*=}"; fi
  done
  load_addresses
}

load_addresses() {
  local service upper port
  export WEIR_BROKERS=127.0.0.1:$WEIR_KAFKA_PORT
  export WEIR_DATABASE_URL=postgres://postgres@127.0.0.1:$WEIR_POSTGRES_PORT/weir
  export WEIR_REDIS_URL=redis://127.0.0.1:$WEIR_REDIS_PORT
  export WEIR_SMTP_URL=smtp://127.0.0.1:$WEIR_SMTP_PORT
  for service in "${WEIR_SERVICES[@]}"; do
    upper=${service^^}
    port=WEIR_${upper}_PORT
    export "WEIR_${upper}_URL=http://127.0.0.1:${!port}"
  done
}

# Whether anything on this machine listens on the port. The attempt never leaves loopback.
port_is_taken() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Writes `ports.env` with free ports. They lie below the range from which the kernel takes ports for
# outgoing connections, so that none of those can sit on one between now and the server's start.
choose_free_ports() {
  local line name port
  local -A used=()
  mkdir -p "$WEIR_STATE"
  : >"$WEIR_STATE/ports.env.new"
  for line in "${WEIR_PORT_DEFAULTS[@]}"; do
    name=${line%%=*}
    port=$((20000 + RANDOM % 12000))
    while [ -n "${used[$port]:-}" ] || port_is_taken "$port"; do
      port=$((20000 + RANDOM % 12000))
    done
    used[$port]=1
    echo "$name=$port" >>"$WEIR_STATE/ports.env.new"
    unset "$name"
  done
  mv "$WEIR_STATE/ports.env.new" "$WEIR_STATE/ports.env"
  load_ports
}

load_ports
