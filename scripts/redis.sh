# shellcheck shell=bash
# How our own Redis is started and known to be ready. Sourced by `servers`.

redis_start() {
  local home=$WEIR_STATE/redis
  command -v redis-server >/dev/null || die "redis-server is not installed: run scripts/install"
  ! port_is_taken "$WEIR_REDIS_PORT" || die "port $WEIR_REDIS_PORT (Redis) is taken: set WEIR_REDIS_PORT"
  mkdir -p "$home"
  fill ../deploy/redis/redis.conf REDIS_PORT="$WEIR_REDIS_PORT" DATA="$home" >"$home/redis.conf"
  process_start redis redis-server "$home/redis.conf"
}

redis_wait() { wait_ready redis 30 redis_ready; }
redis_ready() { [ "$(redis-cli -h 127.0.0.1 -p "$WEIR_REDIS_PORT" ping 2>/dev/null)" = PONG ]; }

redis_stop_signal() { echo TERM; }
redis_address() { echo "$WEIR_REDIS_URL"; }
